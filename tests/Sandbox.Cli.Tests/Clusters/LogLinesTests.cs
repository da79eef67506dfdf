using System.Text;
using Sandbox.Cli.Clusters;

namespace Sandbox.Cli.Tests.Clusters;

/// <summary>Where an engine cuts a container's output into pieces does not show.</summary>
public sealed class LogLinesTests
{
    [Fact]
    public void Lines_CutAtAnyByte_AreWhatWasWritten()
    {
        const string Written = "grüße 🚀 aus Köln\r\nno end of line: €";
        var bytes = Encoding.UTF8.GetBytes(Written);
        foreach (var size in Enumerable.Range(1, bytes.Length))
        {
            List<string> seen = [];
            var lines = new LogLines(seen.Add);
            foreach (var piece in bytes.Chunk(size))
            {
                lines.Add(piece);
            }

            lines.End();

            Assert.True(
                seen is ["grüße 🚀 aus Köln", "no end of line: €"],
                $"in pieces of {size} bytes it became: {string.Join(" | ", seen)}");
        }
    }
}
