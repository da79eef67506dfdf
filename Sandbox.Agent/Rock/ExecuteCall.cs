using System.Globalization;
using System.Text.Json;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Text;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>One program, run to its end: <c>POST /rock/execute</c>.</summary>
internal sealed class ExecuteCall(CommandRunner runner, AccountFiles accounts, SandboxEnvironment environment)
{
    public async Task HandleAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.ExecRequest);
        var start = environment.StartFolder();
        var order = Order(request, start.Path);
        using var outcome = await runner.RunAsync(order, Limit(request.Timeout), CommandRunner.LargestOutput, context.RequestAborted);
        var code = Judge(request, order, outcome);
        var note = start.Missing is null ? "" : start.Missing + "\n";
        if (outcome.Stdout.Length <= SpooledText.Small && outcome.Stderr.Length <= SpooledText.Small)
        {
            await context.WriteJsonAsync(
                new ExecResult(SpooledText.Whole(outcome.Stdout), note + SpooledText.Whole(outcome.Stderr), code),
                RockJson.Default.ExecResult);
            return;
        }

        await context.WriteJsonPiecesAsync(async (json, cancellationToken) =>
        {
            await SpooledText.WriteAsync(json, "stdout", "", Pieces(outcome.Stdout), cancellationToken);
            await SpooledText.WriteAsync(json, "stderr", note, Pieces(outcome.Stderr), cancellationToken);
            json.WriteNumber("exit_code", code);
        });
    }

    private static TextPieces Pieces(Spool bytes) => new(bytes, EscapedUtf8.NewDecoder());

    private static TimeSpan? Limit(double? seconds) =>
        seconds is { } some && some < TimeSpan.FromDays(40).TotalSeconds ? TimeSpan.FromSeconds(Math.Max(0, some)) : null;

    /// <returns>As Python tells it: minus the signal that ended it.</returns>
    private static int Judge(ExecRequest request, SpawnRequest order, CommandOutcome outcome)
    {
        if (outcome.Error is { } error)
        {
            throw new RockFailure(error.Message);
        }

        if (outcome.TimedOut)
        {
            throw new CommandTimeout(string.Create(
                CultureInfo.InvariantCulture, $"Command timeout: it did not finish within {request.Timeout} seconds and was killed."));
        }

        if (outcome.TooMuchOutput)
        {
            throw new RockFailure(
                $"the command printed more than {CommandRunner.LargestOutput} bytes and was killed; redirect its output to a file");
        }

        var code = outcome.Status.Signal == 0 ? outcome.Status.Code : -outcome.Status.Signal;
        if (request.Check && code != 0)
        {
            var prefix = request.ErrorMsg.Length == 0 ? "" : $"{request.ErrorMsg}: ";
            throw new RockFailure(
                $"{prefix}Command '{order.Command}' failed with exit code {code}. Stdout:\n{SpooledText.Excerpt(outcome.Stdout)}"
                    + $"\nStderr:\n{SpooledText.Excerpt(outcome.Stderr)}");
        }

        return code;
    }

    private static List<string> Words(ExecRequest request)
    {
        List<string> words = request.Command switch
        {
            { ValueKind: JsonValueKind.String } text => [text.GetString()!],
            { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(word => word.ValueKind == JsonValueKind.String) =>
                [.. list.EnumerateArray().Select(word => word.GetString()!)],
            _ => throw new InvalidDataException("'command' is neither a string nor a list of strings."),
        };
        return words.Count == 0 ? throw new RockFailure("the command is empty")
            : request.Shell ? ["/bin/sh", "-c", .. words] : words;
    }

    private SpawnRequest Order(ExecRequest request, string startFolder)
    {
        var words = Words(request);
        return new SpawnRequest
        {
            Command = words[0],
            Arguments = words[1..],
            Env = environment.Compose(accounts.Own(), request.Env),
            WorkingFolder = Path.Combine(startFolder, request.Cwd ?? ""),
            OpenStdin = false,
        };
    }
}
