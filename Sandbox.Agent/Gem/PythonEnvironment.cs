using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Gem;

/// <summary>An environment in a Python process of its own. A call that was given up ends the process: its late answer would be taken for
/// that of the next.</summary>
internal sealed class PythonEnvironment(ChildProcess process) : IGemEnvironment
{
    /// <summary>Characters of one answer.</summary>
    private const int LargestAnswer = 16 * 1024 * 1024;

    private readonly StreamReader _answers = new(process.Stdout!, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
    private bool _hasEnded;

    /// <summary>Empty: the image does not have the package.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
        await CallAsync("list", Null, cancellationToken) is { } names ? Read(names, GemJson.Default.IReadOnlyListString) : [];

    /// <summary>False: the image does not have the package.</summary>
    public async Task<bool> TryMakeAsync(string envId, CancellationToken cancellationToken) =>
        await CallAsync("make", JsonSerializer.SerializeToElement(envId, GemJson.Default.String), cancellationToken) is not null;

    public async Task<GemObservation> ResetAsync(int? seed, CancellationToken cancellationToken) => Read(
        await CallAsync(
            "reset", seed is { } given ? JsonSerializer.SerializeToElement(given, GemJson.Default.Int32) : Null, cancellationToken),
        GemJson.Default.GemObservation);

    public async Task<GemStep> StepAsync(string action, CancellationToken cancellationToken) => Read(
        await CallAsync("step", JsonSerializer.SerializeToElement(action, GemJson.Default.String), cancellationToken),
        GemJson.Default.GemStep);

    public void Dispose()
    {
        _hasEnded = true;
        process.KillSession();
        _answers.Dispose();
        process.Dispose();
    }

    private static JsonElement Null => JsonElement.Parse("null"u8);

    /// <returns>Null: the image does not have the package.</returns>
    private async Task<JsonElement?> CallAsync(string method, JsonElement argument, CancellationToken cancellationToken)
    {
        var line = _hasEnded ? null : await ExchangeAsync(new GemBridgeCall(method, argument), cancellationToken);
        if (line is null)
        {
            throw new GemFailure("The environment's process has ended: make it anew.");
        }

        try
        {
            var answer = JsonSerializer.Deserialize(line, GemJson.Default.GemBridgeAnswer)!;
            return answer switch
            {
                { Missing: true } => null,
                { Error: { } error } => throw new GemFailure(error),
                _ => answer.Result,
            };
        }
        catch (JsonException)
        {
            throw new GemFailure("The environment's answer is not JSON.");
        }
    }

    private async Task<string?> ExchangeAsync(GemBridgeCall call, CancellationToken cancellationToken)
    {
        try
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(call, GemJson.Default.GemBridgeCall), (byte)'\n'];
            await process.Stdin!.WriteAsync(line, cancellationToken);
            return await ReadLineAsync(cancellationToken);
        }
        catch (IOException)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            _hasEnded = true;
            process.KillSession();
            throw;
        }
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var (line, part) = (new StringBuilder(), new char[4096]);
        while (true)
        {
            var read = await _answers.ReadAsync(part, cancellationToken);
            if (read == 0)
            {
                return null;
            }

            // There is one answer to a call, so that nothing follows the end of its line.
            line.Append(part, 0, read);
            if (part[read - 1] == '\n')
            {
                return line.ToString();
            }

            if (line.Length > LargestAnswer)
            {
                _hasEnded = true;
                process.KillSession();
                throw new GemFailure($"The environment's answer is longer than {LargestAnswer} characters.");
            }
        }
    }

    private static T Read<T>(JsonElement? result, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return result?.Deserialize(type) ?? throw new GemFailure("The environment gave no answer.");
        }
        catch (JsonException)
        {
            throw new GemFailure("The environment's answer is not in the expected form.");
        }
    }
}
