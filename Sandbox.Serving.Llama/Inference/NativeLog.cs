using LLama.Native;

namespace Sandbox.Serving.Llama.Inference;

/// <summary>What llama.cpp writes: hundreds of lines at each start, of which only the first error is of use.</summary>
internal static class NativeLog
{
    private static readonly Lock Installing = new();
    private static bool _isInstalled;

    public static string? FirstError { get; private set; }

    /// <summary>Takes effect before the native library is loaded; after that there is nothing to do.</summary>
    public static void Install()
    {
        lock (Installing)
        {
            FirstError = null;
            if (!_isInstalled)
            {
                NativeLibraryConfig.All.WithLogCallback(Keep);
                _isInstalled = true;
            }
        }
    }

    private static void Keep(LLamaLogLevel level, string message)
    {
        if (level is LLamaLogLevel.Error && !string.IsNullOrWhiteSpace(message))
        {
            // The first one names the cause; those that follow repeat that nothing was loaded.
            FirstError ??= message.Trim();
        }
    }
}
