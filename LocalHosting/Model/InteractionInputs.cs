using System.Collections;

namespace Aspire.Hosting;

/// <summary>What a command is given beside its name; here always nothing.</summary>
public sealed class InteractionInput
{
    public required string Name { get; init; }

    public string? Value { get; set; }
}

public sealed class InteractionInputCollection(IReadOnlyList<InteractionInput> inputs) : IReadOnlyList<InteractionInput>
{
    public int Count => inputs.Count;

    public InteractionInput this[int index] => inputs[index];

    public IEnumerator<InteractionInput> GetEnumerator() => inputs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
