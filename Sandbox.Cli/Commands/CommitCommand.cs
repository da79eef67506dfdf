using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Commands;

/// <summary><c>commit</c>: an image of a sandbox.</summary>
internal static class CommitCommand
{
    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var image = new Argument<string>("IMAGE") { Description = "Its name; with a registry it is pushed there." };
        var user = new Option<string?>("--username", "-u") { Description = "User at the registry." };
        var password = new Option<bool>("--password-stdin") { Description = "Read that user's password from standard input." };
        var commit = new Command("commit", "Make an image of a sandbox that Docker runs.") { id, image, user, password };
        commit.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var (sandbox, name) = (parsed.GetValue(id), parsed.GetValue(image)!);
            await client.CommitAsync(
                sandbox, name, parsed.GetValue(user), parsed.GetValue(password) ? PasswordInput.Read() : null, context.Asked);
            var ended = await client.WaitUntilCommittedAsync(sandbox, context.Time, context.Asked);
            if (ended.Phase is not "SUCCEEDED")
            {
                throw new CliException($"commit failed: {ended.ErrorMessage ?? ended.ErrorCode ?? ended.Phase}");
            }

            if (ended.ErrorMessage is { } warning)
            {
                StandardStreams.WriteErrorLine($"sandbox: warning: {warning}");
            }

            context.Done(
                parsed, new Done("committed") { SandboxId = sandbox.ToString(), Image = ended.ImageTag }, $"committed {ended.ImageTag}");
            return 0;
        }));
        return commit;
    }
}
