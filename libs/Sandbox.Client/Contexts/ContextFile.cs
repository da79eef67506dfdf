namespace Sandbox.Client.Contexts;

/// <summary>The user's file of servers, for its user alone: <c>sandbox/contexts.json</c> in the configuration folder.</summary>
public sealed class ContextFile(string path)
{
    /// <summary>Of this user; follows XDG_CONFIG_HOME.</summary>
    public static ContextFile OfUser() => new(Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "sandbox", "contexts.json"));

    public string Location => path;

    /// <exception cref="IOException">Other users can read it, or it is not what it should be.</exception>
    public ServerContexts Read() => PrivateFile.Read(path, ContextJson.Default.ServerContexts) ?? ServerContexts.None;

    public void Put(string name, ServerContext context)
    {
        var known = Read();
        Write(known with { Contexts = new Dictionary<string, ServerContext>(known.Contexts) { [name] = context } });
    }

    /// <summary>Takes a context out where it is still this one.</summary>
    public void Remove(string name, ServerContext context)
    {
        var known = Read();
        if (known.Contexts.TryGetValue(name, out var there) && there == context)
        {
            Write(new ServerContexts(
                known.Current == name ? null : known.Current,
                known.Contexts.Where(one => one.Key != name).ToDictionary()));
        }
    }

    /// <param name="name">Null: none is the current one any more.</param>
    public void Use(string? name) => Write(Read() with { Current = name });

    private void Write(ServerContexts contexts) => PrivateFile.Write(path, contexts, ContextJson.Default.ServerContexts);
}
