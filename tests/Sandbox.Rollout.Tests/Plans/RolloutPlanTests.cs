using System.Collections.Immutable;
using Sandbox.Rollout.Plans;

namespace Sandbox.Rollout.Tests.Plans;

public sealed class RolloutPlanTests
{
    private static readonly RolloutPlan Plan = new()
    {
        Checkpoints = ["cleanup-existing"],
        Targets = Map(("head", "head_nodes ssh root@10.0.0.1:22")),
        Files = Map(("03-cleanup-existing.yml", "abc")),
        Variables = Map(("head.data", "/srv")),
        Changes = ["head: changed: remove containers"],
    };

    public static TheoryData<RolloutPlan, string> Others() => new()
    {
        { Plan with { Checkpoints = ["docker-installation"] }, "another checkpoint" },
        { Plan with { Targets = Map(("head", "head_nodes ssh root@10.0.0.2:22")) }, "another machine" },
        { Plan with { Files = Map(("03-cleanup-existing.yml", "abd")) }, "an edited playbook" },
        { Plan with { Variables = Map(("head.data", "/")) }, "another variable" },
        { Plan with { Changes = [] }, "other changes" },
        { Plan with { Changes = ["head: changed: remove", "containers"] }, "the same letters, cut otherwise" },
        { Plan with { Files = Plan.Variables, Variables = Plan.Files }, "the same entries elsewhere" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Hash_OfAnotherPlan_IsAnother(RolloutPlan other, string what) =>
        Assert.True(other.Hash != Plan.Hash, $"a consent to the plan must not count for {what}");

    [Fact]
    public void Hash_OfTheSamePlan_IsTheSame()
    {
        var again = Plan with { Targets = Map(("head", "head_nodes ssh root@10.0.0.1:22")) };

        Assert.Equal(Plan.Hash, again.Hash);
    }

    [Fact]
    public void Content_OfAPlan_IsAllButWhatAnsibleWouldChange()
    {
        Assert.Equal(Plan.ContentHash, (Plan with { Changes = [] }).ContentHash);
        Assert.NotEqual(Plan.ContentHash, (Plan with { Files = Map(("03-cleanup-existing.yml", "abd")) }).ContentHash);
    }

    [Fact]
    public void Differences_FromAnotherPlan_AreNamedAsAPersonCallsThem()
    {
        var other = Plan with
        {
            Targets = Map(("head", "head_nodes ssh root@10.0.0.1:22"), ("node-1", "worker_nodes ssh root@10.0.0.2:22")),
            Files = Map(("03-cleanup-existing.yml", "abd")),
            Variables = Map(),
            Changes = [],
        };

        Assert.Empty(Plan.DifferencesFrom(Plan.Parts));
        Assert.Equal(
            ["file 03-cleanup-existing.yml", "machine node-1", "variable head.data", RolloutPlan.ChangesPart],
            other.DifferencesFrom(Plan.Parts));
    }

    [Fact]
    public void Secret_InAPlan_IsADigest()
    {
        var shown = SecretNames.Shown("database_password", "hunter2");

        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.NotEqual(shown, SecretNames.Shown("database_password", "hunter3"));
        Assert.Equal("/srv", SecretNames.Shown("data_folder", "/srv"));
    }

    private static ImmutableSortedDictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
}
