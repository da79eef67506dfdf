using Sandbox.Kubernetes.Watching;

namespace Sandbox.Kubernetes.Tests.Watching;

public sealed class ClusterViewTests
{
    private readonly ClusterView _view = new([ObjectKind.Pod, ObjectKind.Secret]);

    [Fact]
    public void FirstAnswer_IsThereWhenEachKindWasListedOrFailedToBe()
    {
        _view.Replace(ObjectKind.Pod, []);
        Assert.False(_view.FirstAnswer.IsCompleted, "the secrets were not asked for yet");

        _view.FellSilent(ObjectKind.Secret, "refused");

        Assert.True(_view.FirstAnswer.IsCompleted, "a refusal is an answer: it is told, not waited for");
        Assert.Equal("refused", _view.Silence);
    }

    [Fact]
    public void Silence_FromTheBeginning_IsNewsOnce()
    {
        Assert.True(_view.FellSilent(ObjectKind.Pod, "refused"), "an API that never answered must be told of in the log");
        Assert.False(_view.FellSilent(ObjectKind.Pod, "refused again"), "and once is enough");

        _view.Replace(ObjectKind.Pod, []);

        Assert.True(_view.FellSilent(ObjectKind.Pod, "refused"), "it had answered meanwhile");
    }
}
