namespace Sandbox.Chaos.Faults;

/// <summary>One kind of harm and its end.</summary>
public interface IFault
{
    /// <summary>As the report calls it.</summary>
    string Kind { get; }

    /// <summary>What is harmed; two faults of one target never overlap.</summary>
    string Target { get; }

    /// <summary>Chooses its victim, harms it, and waits as long as the harm is to last. The answer heals it, and completes when
    /// the victim does its work again.</summary>
    Task<Func<Task>> InjectAsync(Random random);
}
