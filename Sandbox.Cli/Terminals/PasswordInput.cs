using System.Text;

namespace Sandbox.Cli.Terminals;

/// <summary>A password that a program writes to standard input, so that no list of processes shows it.</summary>
internal static class PasswordInput
{
    /// <summary>All of standard input, without the end of its last line.</summary>
    public static string Read()
    {
        using var all = new MemoryStream();
        var buffer = new byte[4096];
        while (StandardStreams.Read(buffer) is var count and > 0)
        {
            all.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(all.ToArray()).TrimEnd('\r', '\n');
    }
}
