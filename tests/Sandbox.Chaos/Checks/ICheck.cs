using Sandbox.Chaos.Facts;

namespace Sandbox.Chaos.Checks;

/// <summary>One promise, held against the evidence. Pure: the same evidence always gives the same findings.</summary>
public interface ICheck
{
    string Promise { get; }

    void Look(Evidence evidence, Findings findings);
}

/// <summary>How often a promise was looked at, and where it was broken.</summary>
public sealed class Findings
{
    private readonly List<string> _violations = [];

    public int Made { get; private set; }

    public IReadOnlyList<string> Violations => _violations;

    /// <param name="violation">What was found, and why it must not be.</param>
    public void Expect(bool holds, Func<string> violation)
    {
        Made++;
        if (!holds)
        {
            _violations.Add(violation());
        }
    }
}
