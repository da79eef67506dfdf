using System.Text.Json;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What the rows show to one who reads the database itself.</summary>
public abstract class EncryptionContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly Dictionary<string, string> Env = new() { ["TOKEN"] = "env-secret" };

    [Fact]
    public async Task Rows_OfASandboxAndItsStart_ShowNeitherEnvironmentNorPassword()
    {
        var first = GivenSecrets();
        Assert.True((await Records.TryCreateAsync(first, Given.StartOf(first, "hunter2"), CancellationToken)).TryGet(out var made, out _));
        await Records.TryUpdateFactsAsync(made with { HostName = "n1" }, CancellationToken);

        await ExecuteAsync("UPDATE sandboxes SET host_name = 'leaked' WHERE CAST(spec AS text) LIKE '%env-secret%'");
        await ExecuteAsync("UPDATE sandboxes SET host_name = 'leaked' WHERE CAST(spec AS text) LIKE '%TOKEN%'");
        await ExecuteAsync("UPDATE jobs SET version = 99 WHERE job LIKE '%hunter2%'");

        var found = await FoundAsync(first);
        Assert.Equal("n1", found.HostName);
        Assert.Equal(Env, found.Spec.Env);
        Assert.Equal(Given.StartOf(first, "hunter2"), Assert.Single(await ClaimAsync()).Job);
    }

    [Fact]
    public async Task Answers_OfACreateAListAndADeadline_HaveTheEnvironment()
    {
        var made = await CreatedAsync(GivenSecrets());

        var page = await Records.ListAsync(new SandboxQuery([], new Dictionary<string, string>()), CancellationToken);
        var due = await Records.DueAsync(made.TransientDeadline!.Value, 1, CancellationToken);

        Assert.Equal(Env, made.Spec.Env);
        Assert.Equal(Env, Assert.Single(page.Items).Spec.Env);
        Assert.Equal(Env, Assert.Single(due).Spec.Env);
    }

    [Fact]
    public async Task Row_OfACommit_ShowsNoPassword()
    {
        var record = await CreatedAsync(Given.Pending());
        await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync()), CancellationToken);
        var commit = new CommitSandboxJob
        {
            SandboxId = record.Id,
            SandboxVersion = record.Version,
            Incarnation = record.Incarnation,
            ImageTag = "registry.example/a:1",
            Password = "hunter2",
            StartedAt = Given.Now,
        };
        await Commits.BeginAsync(new SandboxCommit(record.Id, commit.ImageTag, CommitPhase.Running, Given.Now), commit, CancellationToken);
        await TransitionedAsync(record, SandboxEvent.Alive);

        await ExecuteAsync("UPDATE jobs SET version = 99 WHERE job LIKE '%hunter2%'");

        var claimed = Assert.IsType<CommitSandboxJob>(Assert.Single(await ClaimAsync()).Job);
        Assert.Equal((record.Version, "hunter2"), (claimed.SandboxVersion, claimed.Password));
    }

    [Fact]
    public async Task Rows_ThatWereWrittenInTheClear_AreRead()
    {
        var made = await CreatedAsync(Given.Pending());
        var spec = JsonSerializer.Serialize(made.Spec with { Env = Env }, RecordJson.Default.SandboxSpec);
        await ExecuteAsync($"UPDATE sandboxes SET spec = '{spec}'");
        await ExecuteAsync("""UPDATE jobs SET job = REPLACE(job, '"SandboxId":', '"RegistryPassword":"hunter2","SandboxId":')""");

        Assert.Equal(Env, (await FoundAsync(made)).Spec.Env);
        Assert.Equal("hunter2", Assert.IsType<StartSandboxJob>(Assert.Single(await ClaimAsync()).Job).RegistryPassword);
    }

    [Fact]
    public async Task Environment_InTheRowOfAnotherSandbox_IsNotItsEnvironment()
    {
        var red = await CreatedAsync(GivenSecrets());
        var blue = await CreatedAsync(Given.Pending());

        await ExecuteAsync($"UPDATE sandboxes SET spec = (SELECT spec FROM sandboxes WHERE id = '{red.Id}') WHERE id = '{blue.Id}'");

        var found = await FoundAsync(blue);
        Assert.True(found.Spec.HasEncryptedEnv, "one sandbox's environment was not to decrypt for another");
        Assert.DoesNotContain("env-secret", found.Spec.Env.Values);
    }

    private static SandboxInstance GivenSecrets()
    {
        var first = Given.Pending();
        return first with { Spec = first.Spec with { Env = Env } };
    }
}
