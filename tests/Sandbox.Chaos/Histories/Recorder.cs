using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Chaos.Histories;

/// <summary>
/// Writes down every operation with its begin, its end and its answer. One monotonic clock for all clients: what ended before
/// another began did so in truth, whatever becomes of the machine's clock.
/// </summary>
public sealed class Recorder(TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    private readonly ConcurrentQueue<Operation> _operations = [];
    private readonly ConcurrentDictionary<OperationKind, int> _done = [];
    private readonly DateTimeOffset _begin = time.GetUtcNow();
    private readonly long _started = time.GetTimestamp();
    private long _number;

    public DateTimeOffset Now => _begin + time.GetElapsedTime(_started);

    public int Count => _operations.Count;

    /// <summary>How many of all kinds but statuses were acknowledged.</summary>
    public int Effects => _done.Where(kind => kind.Key is not OperationKind.Status).Sum(kind => kind.Value);

    public IReadOnlyList<Operation> Operations => [.. _operations.OrderBy(operation => operation.Begin)];

    /// <summary>How many of a kind were acknowledged.</summary>
    public int Done(OperationKind kind) => _done.GetValueOrDefault(kind);

    /// <param name="call">Gets the operation's number; answers what the server said. A failure is classified, never thrown.</param>
    public async Task<Operation> RunAsync(
        string client, string sandbox, OperationKind kind, Func<long, Task<(string Detail, IReadOnlyList<string>? Seen)>> call)
    {
        var number = Interlocked.Increment(ref _number);
        var begin = Now;
        var (answer, detail, seen) = (Answer.Done, "", (IReadOnlyList<string>?)null);
        try
        {
            (detail, seen) = await call(number);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            (answer, detail) = (Answers.Of(exception), exception.Message);
        }

        var operation = new Operation(number, client, sandbox, kind, begin, Now, answer, detail, seen);
        _operations.Enqueue(operation);
        if (operation.IsDone)
        {
            _done.AddOrUpdate(kind, 1, (_, count) => count + 1);
        }

        return operation;
    }

    /// <summary>One line of JSON for each operation.</summary>
    public Task WriteAsync(string file) =>
        File.WriteAllLinesAsync(file, Operations.Select(operation => JsonSerializer.Serialize(operation, Json)));
}
