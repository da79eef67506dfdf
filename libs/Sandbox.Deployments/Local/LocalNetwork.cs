using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The network of a Local sandbox: a namespace of its own, in which the machine's loopback and its abstract Unix sockets are not.
/// slirp4netns is its way out, with rules of iptables before it that what runs inside cannot change, since it has no capability. Without
/// either of the two programs there is no way out.
/// </summary>
internal sealed class LocalNetwork(IHostTools tools, IOptions<SecurityPolicy> policy, TimeProvider time)
{
    /// <summary>The network that slirp4netns makes, and the resolver in it, which asks the machine's own.</summary>
    private const string Inside = "10.0.2.0/24", Resolver = "10.0.2.3";

    // The rules are there before the first packet can leave, and the sandbox is begun after both. slirp4netns stays outside and ends
    // with the process whose number is $$, which becomes bubblewrap. User namespace: only where this is not root. Mounts of its own: only
    // where it is, because slirp4netns unmounts all that it does not need, and where the engine's folder is a shared mount that would
    // take the files of containers away from the engine. Without root it has copies of the mounts that pass nothing on.
    private const string Shell = """
        net=$1 user=$2 mounts=$3; shift 3
        rm -f "$net.begin" "$net.ready"; mkfifo "$net.begin" "$net.ready" || exit 125
        setpriv --pdeathsig KILL sh -c 'read _ <"$1.begin" && exec $3 slirp4netns --configure --mtu=65520 --disable-host-loopback \
            --enable-sandbox --enable-seccomp --ready-fd=4 "$2" tap0 4>"$1.ready"' sh "$net" "$$" "$mounts" 3>&- 5<&- >"$net.log" 2>&1 &
        exec unshare --net $user -- sh -c 'net=$1; shift
            iptables-restore <"$net.rules" || exit 125
            echo >"$net.begin"; read ready <"$net.ready"; [ "$ready" = 1 ] || { cat "$net.log" >&2; exit 125; }
            exec "$@"' sh "$net" "$@"
        """;

    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(10);

    private readonly Lazy<Task<string?>> _missing = new(() => ProbeAsync(tools, time));

    private bool IsRequired => policy.Value.Network == "required";

    /// <summary>What network a sandbox gets.</summary>
    /// <param name="isolation">Null: bubblewrap is missing.</param>
    public async Task<LocalNetworkChoice> ChooseAsync(
        NetworkMode mode, Bubblewrap.IsolationSettings? isolation, CancellationToken cancellationToken)
    {
        if (isolation is null)
        {
            const string open = "open: without bubblewrap a Local sandbox has the machine's own network";
            return new LocalNetworkChoice(HasNetwork: false, open)
            {
                Refusal = IsRequired ? $"{SecurityPolicy.Section}:{nameof(SecurityPolicy.Network)} is 'required': {open}" : null,
            };
        }

        if (mode is NetworkMode.None)
        {
            return new LocalNetworkChoice(HasNetwork: false, NetworkEffect.None);
        }

        return await _missing.Value.WaitAsync(cancellationToken) is { } missing
            ? new LocalNetworkChoice(HasNetwork: false, $"{NetworkEffect.None}, because {missing}")
            : new LocalNetworkChoice(HasNetwork: true, NetworkEffect.Isolated);
    }

    /// <summary>What stands before the command of a sandbox to run it in a network of its own.</summary>
    public IReadOnlyList<string> Around(LocalFolder folder)
    {
        File.WriteAllText(folder.ResolverFile, $"nameserver {Resolver}\n");
        File.WriteAllText($"{folder.NetworkFiles}.rules", Rules(policy.Value));
        return Command(folder.NetworkFiles);
    }

    private static IReadOnlyList<string> Command(string files) => System.Environment.IsPrivilegedProcess
        ? ["/bin/sh", "-c", Shell, "sh", files, "", "unshare --mount --propagation private --"]
        : ["/bin/sh", "-c", Shell, "sh", files, "--user --map-root-user", ""];

    private static string Rules(SecurityPolicy policy) => string.Join('\n', (IEnumerable<string>)
    [
        "*filter", ":OUTPUT ACCEPT [0:0]",
        .. DestinationRules.Of(
            policy, [IPAddress.Parse(Resolver)], Inside, MachineNetworks.Addresses().Select(address => $"-d {address}/32"),
            refusal: "REJECT")
            .Select(rule => $"-A OUTPUT -o tap0 {rule}"),
        "COMMIT", "",
    ]);

    /// <summary>Tries it once with a program that does nothing; what is missing, in words, or null.</summary>
    private static async Task<string?> ProbeAsync(IHostTools tools, TimeProvider time)
    {
        var folder = Directory.CreateTempSubdirectory("sandbox-net-");
        try
        {
            var files = Path.Combine(folder.FullName, "net");
            await File.WriteAllTextAsync($"{files}.rules", Rules(new SecurityPolicy()));
            var command = Command(files);
            using var deadline = new CancellationTokenSource(ProbeTimeout, time);
            var outcome = await tools.RunAsync(command[0], [.. command.Skip(1), "true"], input: null, Stream.Null, deadline.Token);
            return outcome.Succeeded ? null : $"slirp4netns and iptables are needed and do not work here: {LastLine(outcome.Complaint)}";
        }
        catch (OperationCanceledException)
        {
            return $"slirp4netns did not make a network within {ProbeTimeout.TotalSeconds:0} s";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string LastLine(string complaint) => complaint.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
}

/// <param name="HasNetwork">It has a way out.</param>
/// <param name="Text">What is in effect, in words for people.</param>
internal sealed record LocalNetworkChoice(bool HasNetwork, string Text)
{
    /// <summary>Why a sandbox is not started so; null: it is.</summary>
    public string? Refusal { get; init; }
}
