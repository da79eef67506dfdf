using System.Text;

namespace Sandbox.Deployments.Tools;

/// <summary>A program that answers in a few lines at once, or not at all.</summary>
internal static class ToolQuestion
{
    /// <summary>Within this a program that only asks the kernel has answered.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    /// <summary>Bytes. The rules of a machine with hundreds of networks are some hundred thousand.</summary>
    private const int LongestAnswer = 4 << 20;

    /// <exception cref="ToolException">It failed, said too much, or did not end in time.</exception>
    public static Task<ToolAnswer> AskAsync(
        this IHostTools tools, TimeProvider time, string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        AnswerAsync(tools, time, program, arguments, input: null, cancellationToken);

    /// <summary>The same with a text on its standard input.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public static async Task<ToolAnswer> TellAsync(
        this IHostTools tools, TimeProvider time, string program, IReadOnlyList<string> arguments, string text,
        CancellationToken cancellationToken)
    {
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await AnswerAsync(tools, time, program, arguments, input, cancellationToken);
    }

    private static async Task<ToolAnswer> AnswerAsync(
        IHostTools tools, TimeProvider time, string program, IReadOnlyList<string> arguments, Stream? input,
        CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var printed = new BoundedMemoryStream(LongestAnswer);
        try
        {
            var outcome = await tools.RunAsync(program, arguments, input, printed, either.Token);
            return outcome.Succeeded
                ? new ToolAnswer(Encoding.UTF8.GetString(printed.GetBuffer(), 0, (int)printed.Position), outcome.Complaint)
                : throw new ToolException(outcome.Failure) { IsMissing = outcome.ExitCode is null };
        }
        catch (NotSupportedException)
        {
            throw new ToolException($"{program} said more than {LongestAnswer} bytes");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"{program} did not end within {Within.TotalSeconds:0} s");
        }
    }
}

/// <param name="Printed">On standard output.</param>
/// <param name="Complaint">On standard error: some say so only there that they did nothing.</param>
internal sealed record ToolAnswer(string Printed, string Complaint);

/// <summary>Why a program of this machine gave no answer, in one sentence for people.</summary>
internal sealed class ToolException(string message) : Exception(message)
{
    /// <summary>The program cannot be run at all.</summary>
    public bool IsMissing { get; init; }
}
