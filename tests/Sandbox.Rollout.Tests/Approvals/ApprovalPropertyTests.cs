using CsCheck;

namespace Sandbox.Rollout.Tests.Approvals;

public sealed class ApprovalPropertyTests
{
    private const int Interleavings = 100_000;

    private static readonly Gen<int[]> Steps = Gen.Int[0, (12 * 3 * 4 * 2 * 4) - 1].Array[10, 60];

    [Fact]
    public void Runs_InAnyInterleaving_HaveAConsentThatIsUsedOnce()
    {
        var runs = 0L;

        Steps.Sample(
            steps =>
            {
                var game = Played(steps, ApprovalMutant.None);
                Interlocked.Add(ref runs, game.Runs);
                return game.Violation is null ? true : throw new InvalidOperationException(game.Violation);
            },
            iter: Interleavings);

        Assert.True(runs > Interleavings / 100, $"the interleavings were to contain runs, or they show nothing: {runs} in {Interleavings}");
    }

    [Theory]
    [InlineData(nameof(ApprovalMutant.UsedAgain))]
    [InlineData(nameof(ApprovalMutant.HashNotCompared))]
    [InlineData(nameof(ApprovalMutant.OwnConsentAllowed))]
    public void Runs_WithoutASafeguard_AreNoticed(string safeguard)
    {
        var (mutant, noticed) = (Enum.Parse<ApprovalMutant>(safeguard), 0L);

        Steps.Sample(
            steps =>
            {
                Interlocked.Add(ref noticed, Played(steps, mutant).Violation is null ? 0 : 1);
                return true;
            },
            iter: Interleavings);

        Assert.True(noticed > 0, $"the judge was to notice a run without a consent where {safeguard}");
    }

    private static ApprovalGame Played(int[] steps, ApprovalMutant mutant)
    {
        var game = new ApprovalGame(mutant);
        foreach (var step in steps)
        {
            game.Step(step);
        }

        return game;
    }
}
