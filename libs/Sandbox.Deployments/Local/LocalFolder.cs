using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The working folder of one Local sandbox. Only <see cref="Home"/>, <see cref="Temp"/> and <see cref="Etc"/> are seen inside;
/// what is beside them tells a later life of this server which process belongs to it.
/// </summary>
internal sealed class LocalFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;

    public string Home => Path.Combine(path, "home");

    public string Temp => Path.Combine(path, "tmp");

    public string Etc => Path.Combine(path, "etc");

    public string PidFile => Path.Combine(path, "pid");

    /// <summary>Where bubblewrap writes what it made.</summary>
    public string InfoFile => Path.Combine(path, "info");

    /// <summary>Names the resolver of the sandbox's own network.</summary>
    public string ResolverFile => Path.Combine(Etc, "resolv.conf");

    /// <summary>Beginning of the names of the files by which the network is set up.</summary>
    public string NetworkFiles => Path.Combine(path, "net");

    /// <summary>The filter of system calls that it is started with.</summary>
    public string FilterFile => Path.Combine(path, "filter");

    public string LogFile => Path.Combine(path, "log");

    public bool Exists => Directory.Exists(path);

    private string NameFile => Path.Combine(path, "sandbox");

    /// <summary>Whose folder this is; null when it was left unfinished.</summary>
    public SandboxId? SandboxId => SandboxIdOf(ProcFs.Read(NameFile));

    public void Create(SandboxInstance sandbox)
    {
        Directory.CreateDirectory(path, OwnerOnly);
        Directory.CreateDirectory(Home);
        Directory.CreateDirectory(Temp);
        File.SetUnixFileMode(Temp, Everybody | UnixFileMode.StickyBit);
        Directory.CreateDirectory(Etc);
        var shell = File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh";
        File.WriteAllText(
            Path.Combine(Etc, "passwd"),
            $"root:x:0:0:root:{Bubblewrap.Home}:{shell}\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
        File.WriteAllText(Path.Combine(Etc, "group"), "root:x:0:\nnogroup:x:65534:\n");
        File.WriteAllText(NameFile, sandbox.Id.ToString());
    }

    /// <summary>What was started here last, and the first process of its pid namespace where it has one.</summary>
    public LocalProcesses? Processes()
    {
        if (ProcFs.Read(PidFile) is not { } text || ProcessIdentity.Parse(text) is not { } outer)
        {
            return null;
        }

        return new LocalProcesses(outer, Inner());
    }

    /// <summary>Removes it with all it holds: folders without permissions, names of any bytes, paths longer than the kernel takes, which
    /// .NET cannot remove and <c>rm</c> can. Nothing runs in it any more.</summary>
    /// <exception cref="IOException">Something is left; the text says why.</exception>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        var tools = new HostTools();
        var removed = await tools.RunAsync("rm", ["-rf", "--", path], null, Stream.Null, cancellationToken);
        if (!removed.Succeeded && Exists)
        {
            await tools.RunAsync("chmod", ["-R", "u+rwx", "--", path], null, Stream.Null, cancellationToken);
            removed = await tools.RunAsync("rm", ["-rf", "--", path], null, Stream.Null, cancellationToken);
        }

        if (Exists)
        {
            throw new IOException($"The folder {path} cannot be removed: {removed.Failure}");
        }
    }

    private static SandboxId? SandboxIdOf(string? text) => Contracts.Ids.SandboxId.TryParse(text, null, out var id) ? id : null;

    private ProcessIdentity? Inner()
    {
        if (ProcFs.Read(InfoFile) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var info = JsonSerializer.Deserialize(text, BubblewrapJson.Default.BubblewrapInfo);
            return info is not null && ProcFs.PidNamespace(info.ChildPid) == $"pid:[{info.PidNamespace}]"
                ? ProcessIdentity.Of(info.ChildPid) : null;
        }
        catch (JsonException)
        {
            // Still being written.
            return null;
        }
    }
}

/// <param name="Outer">What was started: bubblewrap, or the agent itself.</param>
/// <param name="Inner">The first process of the pid namespace; with it all of them end.</param>
internal sealed record LocalProcesses(ProcessIdentity Outer, ProcessIdentity? Inner)
{
    public bool IsAlive => Outer.IsAlive || Inner is { IsAlive: true };
}

internal sealed record BubblewrapInfo(
    [property: JsonPropertyName("child-pid")] int ChildPid, [property: JsonPropertyName("pid-namespace")] long PidNamespace);

[JsonSerializable(typeof(BubblewrapInfo))]
internal sealed partial class BubblewrapJson : JsonSerializerContext;
