using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>When the rules around sandboxes are looked at and changed; iptables is a stand-in that keeps what it is told.</summary>
public sealed class SandboxFirewallTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly KeptRules _rules = new();
    private readonly EgressTable _table;
    private readonly SandboxFirewall _firewall;

    public SandboxFirewallTests()
    {
        _table = new EgressTable(_clock);
        var plan = new SandboxNetworkPlan(
            new WorkerOptions { ClusterId = "c", NodeName = "n", DataFolder = "/nowhere" }, new SecurityPolicy());
        _firewall = new SandboxFirewall(
            new Firewall(_rules, TimeProvider.System), plan, _table, new TestLookup(), _clock, NullLogger.Instance)
        { KnowsLimits = true };
    }

    public void Dispose() => _firewall.Dispose();

    /// <summary>One round in five seconds asked for two families each time.</summary>
    [Fact]
    public async Task Rounds_InWhichNothingHasChanged_AskOnceEach()
    {
        await RoundAsync();
        _rules.Calls.Clear();

        for (var round = 0; round < 11; round++)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            await RoundAsync();
        }

        Assert.Equal(Enumerable.Repeat("iptables-save -t mangle", 11), _rules.Calls);
    }

    [Fact]
    public async Task Lists_ComeAndGo_WithTheirRedirection()
    {
        var incarnation = IncarnationId.New();
        _table.TrySet(
            incarnation, IPAddress.Parse("10.213.0.2"), new EgressPolicy { Allow = ["pypi.org"], Revision = 1 });
        await RoundAsync();
        Assert.Contains(
            "-s 10.213.0.2/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports ", _rules.Saved("iptables nat"), StringComparison.Ordinal);
        Assert.Contains("-s 10.213.0.2/32 -j SANDBOX-", _rules.Saved("iptables mangle"), StringComparison.Ordinal);

        _table.Remove(incarnation);
        await RoundAsync();

        Assert.DoesNotContain("10.213.0.2", _rules.Saved("iptables mangle"), StringComparison.Ordinal);
        Assert.DoesNotContain("SANDBOX", _rules.Saved("iptables nat"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removal_TakesEverythingOfTheNode()
    {
        _table.TrySet(
            IncarnationId.New(), IPAddress.Parse("10.213.0.2"), new EgressPolicy { Allow = [], Revision = 1 });
        await RoundAsync();

        await _firewall.RemoveAsync(CancellationToken.None);

        Assert.All(
            (string[])["iptables mangle", "iptables nat", "ip6tables mangle"],
            table => Assert.DoesNotContain("SANDBOX", _rules.Saved(table), StringComparison.Ordinal));
    }

    private async Task RoundAsync()
    {
        var gap = await _firewall.EnsureAsync(CancellationToken.None);
        Assert.True(gap is null || gap.Contains("bridge-nf-call-iptables", StringComparison.Ordinal), $"the rules were to be put: {gap}");
    }

    /// <summary>Tables that take and print rules as iptables does, as far as these rules go.</summary>
    private sealed class KeptRules : IHostTools
    {
        private readonly Dictionary<string, List<string>> _tables = [];

        public List<string> Calls { get; } = [];

        public string Saved(string table) => string.Join('\n', _tables.GetValueOrDefault(table) ?? []);

        public async Task<ToolOutcome> RunAsync(
            string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken)
        {
            Calls.Add($"{program} {string.Join(' ', arguments)}");
            var name = program.Split('-')[0];
            if (input is null)
            {
                await output.WriteAsync(Encoding.UTF8.GetBytes(Saved($"{name} {arguments[1]}")), cancellationToken);
            }
            else
            {
                using var reader = new StreamReader(input);
                Apply(name, (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }

            return new ToolOutcome(program, ExitCode: 0, "");
        }

        private void Apply(string name, string[] lines)
        {
            var key = $"{name} {lines[0][1..]}";
            var table = _tables[key] = _tables.GetValueOrDefault(key) ?? [];
            foreach (var line in lines[1..^1])
            {
                var words = line.Split(' ');
                switch (words[0])
                {
                    case "-I":
                        table.Add(line.Replace("-I PREROUTING 1", "-A PREROUTING", StringComparison.Ordinal));
                        break;
                    case "-A":
                        table.Add(line);
                        break;
                    case "-D":
                        table.Remove($"-A{line[2..]}");
                        break;
                    case "-X":
                        table.RemoveAll(kept => kept.StartsWith($":{words[1]} ", StringComparison.Ordinal));
                        break;
                    default:
                        // A chain is made, or emptied.
                        table.RemoveAll(kept => kept.StartsWith($"-A {words[0][1..]} ", StringComparison.Ordinal) || kept == line);
                        table.Add(line);
                        break;
                }
            }
        }
    }
}
