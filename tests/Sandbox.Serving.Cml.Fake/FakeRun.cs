namespace Sandbox.Serving.Cml.Fake;

/// <summary>A run of a job: its states, one for each question; the last stays.</summary>
public sealed class FakeRun(string id, Queue<string> states)
{
    public string Id { get; } = id;

    /// <summary>What a list of runs shows.</summary>
    public string State { get; private set; } = "ENGINE_SCHEDULING";

    /// <summary>The next state; whether it was reached only now.</summary>
    public bool Step()
    {
        var before = State;
        State = states.Count > 1 ? states.Dequeue() : states.Peek();
        return State != before;
    }
}
