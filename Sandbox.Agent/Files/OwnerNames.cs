namespace Sandbox.Agent.Files;

/// <summary>
/// Names of user and group ids as the sandbox's own files have them, read once per request. Not through the C library:
/// a static program would load a second one for the name service.
/// </summary>
internal sealed class OwnerNames
{
    private readonly Lazy<Dictionary<uint, string>> _users = new(() => Read("/etc/passwd"));
    private readonly Lazy<Dictionary<uint, string>> _groups = new(() => Read("/etc/group"));

    /// <summary>The number itself where there is no name.</summary>
    public string User(uint id) => _users.Value.GetValueOrDefault(id) ?? $"{id}";

    /// <inheritdoc cref="User"/>
    public string Group(uint id) => _groups.Value.GetValueOrDefault(id) ?? $"{id}";

    private static Dictionary<uint, string> Read(string file)
    {
        var names = new Dictionary<uint, string>();
        try
        {
            foreach (var line in File.ReadLines(file).Take(65_536))
            {
                var fields = line.Split(':', 4);
                if (fields.Length > 2 && uint.TryParse(fields[2], out var id))
                {
                    names.TryAdd(id, fields[0]);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // An image without accounts is legal; then the numbers are shown.
        }

        return names;
    }
}
