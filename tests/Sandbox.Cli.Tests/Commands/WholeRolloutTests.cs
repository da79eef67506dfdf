using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>All six checkpoints with small playbooks of the test's own, against two names of this machine.</summary>
public sealed class WholeRolloutTests : IDisposable
{
    private static readonly string[] Names =
    [
        "prerequisites-check", "docker-installation", "cleanup-existing", "cluster-deployment", "monitoring-deployment",
        "final-validation",
    ];

    private readonly CliProgram _cli = new();

    public WholeRolloutTests()
    {
        File.WriteAllText(
            _cli.File("inventory.ini"),
            """
            [head_nodes]
            head ansible_connection=local ansible_python_interpreter=/usr/bin/python3

            [worker_nodes]
            node-1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3

            """);
        Directory.CreateDirectory(_cli.File("playbooks"));
        for (var number = 1; number <= Names.Length; number++)
        {
            File.WriteAllText(PlaybookOf(number), Playbook(Names[number - 1]));
        }
    }

    public void Dispose() => _cli.Dispose();

    [NeedsAnsibleFact]
    [Trait("Row", "4")]
    [Trait("Row", "5")]
    [Trait("Row", "6")]
    public async Task Deploy_ThatFailsOnOneMachine_TellsHowToGoOnAndFinishesFromThere()
    {
        await File.WriteAllTextAsync(_cli.File("break-cluster-deployment-node-1"), "");

        var failed = (await RunAsync("well\nyes\n", "--deploy", "--auto-approve")).Expect(1);

        const string resume = "sandbox deploy --deploy --start-from cluster-deployment";
        Assert.EndsWith($"go on with: {resume}\n", failed.Error, StringComparison.Ordinal);
        var failure = State("deployment-failure.json");
        Assert.Equal("cluster-deployment", failure.GetProperty("failed_checkpoint").GetString());
        Assert.Contains("node-1: break: no space left", failure.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(resume, failure.GetProperty("resume").GetString());
        Assert.Equal(Names[..3], Texts(failure, "completed_checkpoints"));
        Assert.False(HasState("deployment-complete.json"), "a rollout that failed is not complete");
        Assert.Equal("FAILED", State("checkpoint-cluster-deployment-node-1.json").GetProperty("status").GetString());
        Assert.Equal("PASSED", State("checkpoint-cluster-deployment-head.json").GetProperty("status").GetString());
        Assert.Equal(Marks(Names[..3]).Append("cluster-deployment head"), Ran());

        File.Delete(_cli.File("break-cluster-deployment-node-1"));
        (await RunAsync("", "--deploy", "--start-from", "ray-deployment")).Expect(0);

        var complete = State("deployment-complete.json");
        Assert.Equal("COMPLETED", complete.GetProperty("status").GetString());
        Assert.Equal(Names[3..], Texts(complete, "checkpoints_completed"));
        Assert.Equal(Names[..3], Texts(complete, "checkpoints_skipped"));
        Assert.False(complete.GetProperty("auto_approved").GetBoolean(), "nothing was approved by itself in the second run");
        Assert.False(HasState("deployment-failure.json"), "the failure is over");

        await File.WriteAllTextAsync(_cli.File("break-final-validation-head"), "");
        (await RunAsync("", "--deploy", "--start-from", "final-validation")).Expect(1);

        Assert.False(HasState("deployment-complete.json"), "a new failure ends what was complete");
        Assert.True(HasState("deployment-failure.json"), "a new failure is written down");
    }

    [NeedsAnsibleFact]
    [Trait("Row", "3")]
    public async Task Deploy_WithOneConsentToAllOfIt_RunsTheSixInOrderOnce()
    {
        var id = await RequestAsync();
        (await RunAsync("", "approve", id, "--reason", "planned")).Expect(1);
        (await RunAsync("", "approve", id, "--reason", "planned", "--acknowledge-risks")).Expect(0);

        (await RunAsync("", "--deploy")).Expect(0);

        Assert.Equal(Marks(Names), Ran());
        var complete = State("deployment-complete.json");
        Assert.Equal("COMPLETED", complete.GetProperty("status").GetString());
        Assert.Equal(Names, Texts(complete, "checkpoints_completed"));
        Assert.Empty(Texts(complete, "checkpoints_skipped"));
        using (var report = JsonDocument.Parse((await _cli.RunAsync("validate")).Expect(0).Output))
        {
            Assert.Equal("COMPLETED", report.RootElement.GetProperty("deployment_status").GetString());
            Assert.Equal("HEALTHY", report.RootElement.GetProperty("cluster_health").GetProperty("overall_status").GetString());
        }

        var again = (await RunAsync("", "--deploy")).Expect(1);
        Assert.Contains("docker-installation: the plan was not approved", again.Error, StringComparison.Ordinal);
        Assert.False(HasState("deployment-complete.json"), "another rollout has begun since");
    }

    [NeedsAnsibleFact]
    public async Task Deploy_WithAPlaybookEditedAfterTheConsent_BeginsNothingAndSaysWhatChanged()
    {
        var id = await RequestAsync();
        (await RunAsync("", "approve", id, "--reason", "planned", "--acknowledge-risks")).Expect(0);
        await File.AppendAllTextAsync(PlaybookOf(5), "# edited\n");

        var refused = (await RunAsync("", "--deploy")).Expect(1);

        Assert.Contains(
            "the plan changed after it was approved: file 05-monitoring-deployment.yml", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Ran());
    }

    [Fact]
    [Trait("Row", "6")]
    public async Task AutoApproval_ThatIsNotMeant_DoesNothing()
    {
        var all = (await RunAsync("no\n", "--deploy", "--auto-approve")).Expect(1);
        var one = (await RunAsync("", "--checkpoint", "cleanup-existing", "--auto-approve")).Expect(1);

        Assert.All([all, one], ended => Assert.EndsWith("nothing was done\n", ended.Error, StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_cli.DataFolder, "rollout")), "no state was to be made");
    }

    [Fact]
    public async Task Deploy_WithoutOneOfThePlaybooks_BeginsNothing()
    {
        File.Delete(PlaybookOf(6));

        var ended = (await RunAsync("", "--deploy")).Expect(1);

        Assert.Contains("06-final-validation.yml does not exist", ended.Error, StringComparison.Ordinal);
        Assert.Empty(Ran());
    }

    [NeedsAnsibleFact]
    public async Task Interrupt_OfADeploy_EndsItsRunAndIsWrittenDown()
    {
        await File.WriteAllTextAsync(_cli.File("hold-prerequisites-check"), "");
        using var running = Start("--deploy");
        await running.SeeAsync("TASK wait");

        var second = (await RunAsync("", "--checkpoint", "prerequisites-check")).Expect(1);
        running.Signal("INT");
        (await running.EndAsync()).Expect(130);

        Assert.Contains("another run against these machines has not ended", second.Error, StringComparison.Ordinal);
        using var runs = JsonDocument.Parse((await RunAsync("", "executions", "--json")).Expect(0).Output);
        Assert.Equal("CANCELLED", Assert.Single(runs.RootElement.EnumerateArray()).GetProperty("status").GetString());
        Assert.Equal("prerequisites-check", State("deployment-failure.json").GetProperty("failed_checkpoint").GetString());
        Assert.Empty(Ran());
    }

    [NeedsAnsibleFact]
    public async Task Interrupt_OfAQuestion_EndsTheProgram()
    {
        using var running = Start("--checkpoint", "docker-installation", "--force");
        await running.SeeErrorAsync("[yes/no]");

        running.Signal("INT");

        (await running.EndAsync()).Expect(130);
        Assert.Empty(Ran());
    }

    [NeedsAnsibleFact]
    [Trait("Row", "19")]
    [Trait("Row", "20")]
    public async Task Consent_AtThePrompt_IsAskedForUntilItIsClearAndCountsOnce()
    {
        string[] one = ["--checkpoint", "docker-installation", "--force"];

        (await RunAsync("perhaps\nyes\n\nplanned\n", one)).Expect(0);
        var denied = (await RunAsync("no\n", one)).Expect(1);

        Assert.Contains("docker-installation: the plan was not approved", denied.Error, StringComparison.Ordinal);
        Assert.Equal(Marks("docker-installation"), Ran());
        using var log = JsonDocument.Parse((await RunAsync("", "audit", "--json")).Expect(0).Output);
        Assert.Equal(
            [
                "approval.requested", "approval.granted", "execution.started", "execution.completed", "approval.requested",
                "approval.denied",
            ],
            log.RootElement.EnumerateArray().Select(entry => entry.GetProperty("action").GetString()));
        Assert.Contains("planned", log.RootElement[1].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [NeedsAnsibleFact]
    [Trait("Row", "19")]
    [Trait("Row", "20")]
    public async Task Consent_InAFile_CountsOnceAndIsGoneAfterThat()
    {
        string[] one = ["--checkpoint", "cleanup-existing", "--force"];
        var state = Directory.CreateDirectory(
            Path.Combine(_cli.DataFolder, "rollout"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = Path.Combine(state.FullName, "checkpoint-cleanup-existing-approved");
        var content = $$"""{"approved_at": "{{TimeProvider.System.GetUtcNow():O}}", "reason": "planned", "acknowledge_risks": true}""";
        var unknowing = content.Replace("true", "false", StringComparison.Ordinal);

        await WriteAsync(file, unknowing);
        var refused = (await RunAsync("", one)).Expect(1);
        await WriteAsync(file, content);
        (await RunAsync("", one)).Expect(0);
        Assert.False(File.Exists(file), "a consent that was taken over was to be removed");
        await WriteAsync(file, content);
        var replayed = (await RunAsync("", one)).Expect(1);

        Assert.Contains("acknowledge_risks is not true", refused.Error, StringComparison.Ordinal);
        Assert.Contains("it was taken over before", replayed.Error, StringComparison.Ordinal);
        Assert.Equal(Marks("cleanup-existing"), Ran());
        using var approvals = JsonDocument.Parse((await RunAsync("", "approvals", "--json")).Expect(0).Output);
        var approval = Assert.Single(approvals.RootElement.EnumerateArray());
        Assert.Equal("consumed", approval.GetProperty("state").GetString());
        Assert.Equal([Environment.UserName], Texts(approval, "approved_by"));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "26")]
    public async Task Reset_OfTheState_LeavesNoRecordsOrConsentsAndARunBeginsAfresh()
    {
        (await RunAsync("", "--checkpoint", "prerequisites-check")).Expect(0);
        var id = await RequestAsync();
        var file = Path.Combine(_cli.DataFolder, "rollout", "checkpoint-docker-installation-approved");
        await WriteAsync(file, "{}");

        (await RunAsync("", "reset")).Expect(0);

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_cli.DataFolder, "rollout"), "checkpoint-*"));
        var late = (await RunAsync("", "approve", id, "--reason", "late")).Expect(1);
        Assert.Contains("no such request", late.Error, StringComparison.Ordinal);
        Assert.StartsWith(
            "prerequisites-check: NOT_FOUND 0/0",
            (await _cli.RunAsync("validate", "--checkpoint", "prerequisites-check", "--format", "text")).Expect(0).Output,
            StringComparison.Ordinal);
        (await RunAsync("", "--checkpoint", "prerequisites-check")).Expect(0);
        Assert.Equal("PASSED", State("checkpoint-prerequisites-check-head.json").GetProperty("status").GetString());
    }

    private static string Playbook(string name) => $$$"""
        - name: {{{name}}}
          hosts: head_nodes:worker_nodes
          gather_facts: false
          tasks:
            - name: wait
              ansible.builtin.wait_for:
                path: "{{ inventory_dir }}/go"
                sleep: 1
                timeout: 300
              when: (inventory_dir ~ '/hold-{{{name}}}') is exists
            - name: break
              ansible.builtin.fail:
                msg: no space left
              when: (inventory_dir ~ '/break-{{{name}}}-' ~ inventory_hostname) is exists
            - name: leave a mark
              ansible.builtin.shell: echo "{{{name}}} {{ inventory_hostname }}" >>"{{ inventory_dir }}/ran"
            - name: tell
              ansible.builtin.set_fact:
                checkpoint_record: {marked: true}

        """;

    private string PlaybookOf(int number) => Path.Combine(_cli.File("playbooks"), $"{number:00}-{Names[number - 1]}.yml");

    /// <summary>What the checkpoints did, each on both machines, which run side by side.</summary>
    private static IEnumerable<string> Marks(params string[] names) => names.SelectMany(name => new[] { $"{name} head", $"{name} node-1" });

    private IEnumerable<string> Ran() => File.Exists(_cli.File("ran"))
        ? File.ReadAllLines(_cli.File("ran")).GroupBy(mark => mark.Split(' ')[0]).SelectMany(group => group.Order(StringComparer.Ordinal))
        : [];

    private static IEnumerable<string?> Texts(JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(text => text.GetString());

    private bool HasState(string name) => File.Exists(Path.Combine(_cli.DataFolder, "rollout", name));

    private JsonElement State(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_cli.DataFolder, "rollout", name)));
        return document.RootElement.Clone();
    }

    /// <summary>A request for a consent to a whole rollout.</summary>
    private async Task<string> RequestAsync()
    {
        using var plan = JsonDocument.Parse((await RunAsync("", "plan", "--request", "--json")).Expect(0).Output);
        Assert.Equal(Names, Texts(plan.RootElement, "checkpoints"));
        return plan.RootElement.GetProperty("approval_id").GetString()!;
    }

    private static async Task WriteAsync(string path, string content)
    {
        await File.WriteAllTextAsync(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private RunningCli Start(params IEnumerable<string> arguments) =>
        _cli.Start(["deploy", .. arguments, "--playbook-dir", _cli.File("playbooks")]);

    private async Task<CliResult> RunAsync(string input, params IEnumerable<string> arguments)
    {
        using var running = Start(arguments);
        await running.TypeAsync(input);
        running.CloseInput();
        return await running.EndAsync();
    }
}
