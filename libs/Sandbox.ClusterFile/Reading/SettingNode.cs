namespace Sandbox.ClusterFile.Reading;

/// <summary>What was written, before it means anything.</summary>
/// <param name="Where">For messages: the line of a file, or the name of a variable.</param>
internal abstract record SettingNode(string Where)
{
    /// <param name="Value">Null: nothing is said, which leaves the default.</param>
    internal sealed record Text(string? Value, string Where) : SettingNode(Where);

    internal sealed record List(IReadOnlyList<SettingNode> Items, string Where) : SettingNode(Where);

    internal sealed record Map(Dictionary<string, SettingNode> Entries, string Where) : SettingNode(Where);
}
