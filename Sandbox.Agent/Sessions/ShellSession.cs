using System.Globalization;
using Sandbox.Agent.Text;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Sessions;

/// <summary>A shell that keeps its state from one command to the next. Commands of several callers wait for each other.</summary>
internal sealed class ShellSession(string name, StartedShell shell, ShellConversation conversation, SyntaxCheck syntax, TimeProvider time)
    : IDisposable
{
    /// <summary>Bytes of one command.</summary>
    public const int LongestCommand = 4 * 1024 * 1024;

    /// <summary>A shell's own start files may be slow on a busy machine, whatever the caller hopes.</summary>
    private static readonly TimeSpan LeastStart = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan EndKnownWithin = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _lock = new(1, 1);

    /// <summary>The shell is gone.</summary>
    public bool HasEnded => conversation.Ended;

    /// <returns>What the shell and the sources said.</returns>
    public async Task<string> OpenAsync(CreateSessionRequest request)
    {
        var limit = TimeSpan.FromSeconds(Math.Clamp(request.StartupTimeout, LeastStart.TotalSeconds, 3600));
        using var deadline = new CancellationTokenSource(limit, time);
        try
        {
            var said = (shell.Note is null ? "" : shell.Note + "\r\n")
                + (await conversation.GreetAsync(deadline.Token) ?? throw await GoneAsync());
            foreach (var source in request.StartupSource)
            {
                said += await SayAsync($"{(shell.IsBash ? "source" : ".")} {source}", deadline.Token);
            }

            _ = await SayAsync("unset PROMPT_COMMAND;set +H 2>/dev/null", deadline.Token);
            conversation.Rest();
            return Clean(said);
        }
        catch (OperationCanceledException)
        {
            throw new SessionFailure(
                SessionFailureKind.TimedOut, $"the shell of session '{name}' was not ready before its startup timeout");
        }
    }

    /// <summary>Runs to its end whether the caller stays or not; only waiting for the session's lock ends with the caller. The time limit
    /// is that of both together.</summary>
    public async Task<SessionAnswer> RunAsync(BashAction action, CancellationToken callerGone)
    {
        Check(action);
        var expect = new ExpectPatterns(action.Expect);
        using var deadline = Deadline(action, time);
        await LockAsync(action, deadline.Token, callerGone);
        try
        {
            await ThrowIfEndedAsync();
            return action.IsInteractiveCommand || action.IsInteractiveQuit
                ? await InteractAsync(action, expect, deadline)
                : await ExecuteAsync(action, expect, deadline);
        }
        finally
        {
            conversation.Rest();
            _lock.Release();
        }
    }

    public void Dispose() => conversation.Dispose();

    private static string Clean(string output) => AnsiText.Strip(output).Trim();

    private static void Check(BashAction action)
    {
        if (action.Command.Contains('\0', StringComparison.Ordinal))
        {
            throw new SessionFailure(SessionFailureKind.InvalidRequest, "a command must not contain a NUL character");
        }

        if (action.Command.Length > LongestCommand)
        {
            throw new SessionFailure(
                SessionFailureKind.InvalidRequest,
                $"a command must not be longer than {LongestCommand} characters; upload a script instead");
        }

        if (action.Check is not ("silent" or "raise" or "ignore"))
        {
            throw new SessionFailure(SessionFailureKind.InvalidRequest, $"check must be silent, raise or ignore, not '{action.Check}'");
        }
    }

    private static CancellationTokenSource Deadline(BashAction action, TimeProvider time) =>
        action.Timeout is { } seconds && seconds < TimeSpan.FromDays(40).TotalSeconds
            ? new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(0, seconds)), time)
            : new CancellationTokenSource();

    private async Task LockAsync(BashAction action, CancellationToken deadline, CancellationToken callerGone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline, callerGone);
        try
        {
            await _lock.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!callerGone.IsCancellationRequested)
        {
            throw new SessionFailure(
                SessionFailureKind.TimedOut,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Command timeout: session '{name}' was busy with another command for {action.Timeout} seconds; nothing was run."));
        }
    }

    private async Task<string> SayAsync(string command, CancellationToken cancellationToken)
    {
        await conversation.TypeAsync(command, cancellationToken);
        using var heard = await conversation.ListenAsync(new([]), framed: true, cancellationToken) ?? throw await GoneAsync();
        return SpooledText.Excerpt(heard.Output);
    }

    private async Task<SessionAnswer> ExecuteAsync(BashAction action, ExpectPatterns expect, CancellationTokenSource deadline)
    {
        try
        {
            // A program that an expected text left running gets what is typed, as it would from a person.
            var framed = !conversation.Busy || conversation.TryFinish();
            if (framed)
            {
                await syntax.EnsureReadableAsync(shell, action.Command, deadline.Token);
                await conversation.TypeAsync(action.Command, deadline.Token);
            }
            else
            {
                await conversation.TypeRawAsync(action.Command, deadline.Token);
            }

            var heard = await conversation.ListenAsync(expect, framed, deadline.Token) ?? throw await BrokenOffAsync();
            return Judge(action, heard);
        }
        catch (OperationCanceledException)
        {
            await conversation.InterruptAsync();
            throw TimedOut(action, "was interrupted");
        }
    }

    private async Task<SessionAnswer> InteractAsync(BashAction action, ExpectPatterns expect, CancellationTokenSource deadline)
    {
        if (!conversation.Busy || conversation.TryFinish())
        {
            // The prompt that is still to come must not be taken for the answer.
            if (!await conversation.SyncAsync())
            {
                throw await BrokenOffAsync();
            }
        }

        try
        {
            await conversation.TypeRawAsync(action.Command, deadline.Token);
            var heard = await conversation.ListenAsync(expect, framed: false, deadline.Token) ?? throw await BrokenOffAsync();
            if (action.IsInteractiveQuit && !await conversation.SyncAsync())
            {
                throw await BrokenOffAsync();
            }

            return new SessionAnswer(heard.Output, 0, heard.Pattern is null ? ShellStart.Prompt : heard.Matched)
            {
                Echo = action.Command.Trim(),
            };
        }
        catch (OperationCanceledException)
        {
            if (action.IsInteractiveQuit)
            {
                await conversation.InterruptAsync();
            }

            throw TimedOut(action, action.IsInteractiveQuit ? "was interrupted" : "still runs");
        }
    }

    private static SessionAnswer Judge(BashAction action, Heard heard)
    {
        if (action.Check == "raise" && heard.ExitCode is { } failed and not 0)
        {
            using var output = heard.Output;
            var prefix = action.ErrorMsg.Length == 0 ? "" : $"{action.ErrorMsg}: ";
            throw new SessionFailure(
                SessionFailureKind.CommandFailed,
                $"{prefix}Command '{action.Command}' failed with exit code {failed}. Output:\n{Clean(SpooledText.Excerpt(output))}");
        }

        return new SessionAnswer(
            heard.Output, action.Check == "ignore" ? null : heard.ExitCode, heard.Pattern ?? ShellStart.Prompt);
    }

    private static SessionFailure TimedOut(BashAction action, string then) => new(
        SessionFailureKind.TimedOut,
        string.Create(CultureInfo.InvariantCulture, $"Command timeout: it did not finish within {action.Timeout} seconds and {then}."));

    private async Task<SessionFailure> BrokenOffAsync()
    {
        if (!conversation.SaidTooMuch)
        {
            return await GoneAsync();
        }

        await conversation.InterruptAsync();
        return new SessionFailure(
            SessionFailureKind.TooMuchOutput,
            $"the command printed more than {SessionOutput.Limit} bytes and was interrupted; redirect its output to a file");
    }

    private async Task ThrowIfEndedAsync()
    {
        if (conversation.Ended)
        {
            throw await GoneAsync();
        }
    }

    private async Task<SessionFailure> GoneAsync()
    {
        // The terminal closes a moment before the shell's end is known.
        var exited = shell.Child.Exited;
        await ((Task)exited).WaitAsync(EndKnownWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var code = exited.IsCompletedSuccessfully ? $" (exit code {(await exited).ShellCode})" : "";
        var said = conversation.LastWords() is { Length: > 0 } words and not "exit" ? $" (its last words: {words})" : "";
        return new SessionFailure(
            SessionFailureKind.Ended, $"EOF: the shell of session '{name}' has ended{code}; close the session and create it again{said}");
    }
}
