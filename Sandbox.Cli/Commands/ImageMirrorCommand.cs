using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Standalone;

namespace Sandbox.Cli.Commands;

/// <summary><c>image mirror</c>: copies of images in a registry that starts look at first (<c>Start:Mirrors</c>).</summary>
internal static class ImageMirrorCommand
{
    private static readonly string[] Columns = ["IMAGE", "COPY", "ERROR"];

    public static Command Create(CommandContext context)
    {
        var images = new Argument<string[]>("IMAGE") { Description = "Names of the images.", Arity = ArgumentArity.ZeroOrMore };
        var to = new Option<string>("--to")
        {
            Description = "The mirror, as it stands in names; with a path behind it all copies lie below that.",
            HelpName = "REGISTRY[/PATH]",
            Required = true,
        };
        var file = new Option<FileInfo>("--file", "-f") { Description = "A file with more names, one a line." };
        file.AcceptExistingOnly();
        var user = new Option<string?>("--username", "-u") { Description = "User at the mirror." };
        var password = new Option<bool>("--password-stdin") { Description = "Read that user's password from standard input." };
        var always = new Option<bool>("--pull") { Description = "Ask their own registries also for images that this engine has." };
        var mirror = new Command("mirror", "Copy images into another registry by this machine's engine.")
        { images, to, file, user, password, always };
        mirror.SetAction(async (parsed, _) =>
        {
            var names = parsed.GetValue(images)!.Concat(NamesIn(parsed.GetValue(file))).Distinct(StringComparer.Ordinal).ToList();
            if (names.Count == 0)
            {
                throw new CliException("no image is named", ExitCodes.Usage);
            }

            (string, string)? login = parsed.GetValue(user) is { } username
                ? (username, parsed.GetValue(password) ? PasswordInput.Read() : "") : null;
            var copied = await CopyAllAsync(context, names, parsed.GetValue(to)!, login, parsed.GetValue(always));
            Printer.Rows(context.Json(parsed), copied, CliJson.Default.IReadOnlyListCopiedImage, Columns, row =>
                [row.Image, row.Copy, row.Error ?? ""]);
            return copied.All(row => row.Error is null) ? 0 : ExitCodes.Failure;
        });
        return mirror;
    }

    /// <summary>One that cannot be copied does not keep the others from it.</summary>
    private static async Task<IReadOnlyList<CopiedImage>> CopyAllAsync(
        CommandContext context, IReadOnlyList<string> images, string to, (string, string)? login, bool pullsAlways)
    {
        var copied = new List<CopiedImage>();
        foreach (var image in images)
        {
            var copy = LocalImages.CopyNameOf(image, to)
                ?? throw new CliException($"'{image}' is not the name of an image with a tag", ExitCodes.Usage);
            var error = await LocalImages.CopyAsync(image, copy, login, pullsAlways, new ErrorLines(), context.Asked);
            copied.Add(new CopiedImage(image, copy, error));
        }

        return copied;
    }

    private static IEnumerable<string> NamesIn(FileInfo? file) => file is null
        ? []
        : File.ReadLines(file.FullName).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#');

    private sealed class ErrorLines : IProgress<string>
    {
        public void Report(string value) => StandardStreams.WriteErrorLine("sandbox: " + PlainText.OneLine(value));
    }
}
