using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.FileProviders.Physical;

namespace Microsoft.Extensions.Hosting;

/// <summary>Files of settings whose changes take effect while the process runs.</summary>
public static class WatchedSettings
{
    /// <summary>Adds a JSON file that is looked at every four seconds; one that is no JSON then changes nothing, and standard error says
    /// so. Its folder is not watched: whatever else is written there would wake the process.</summary>
    /// <exception cref="InvalidDataException">It is no JSON when it is added.</exception>
    /// <exception cref="IOException">It, or its folder, is not there, or cannot be read.</exception>
    public static void AddWatchedJsonFile(this IConfigurationBuilder configuration, string path, bool isOptional = false)
    {
        var (full, isAdded) = (Path.GetFullPath(path), false);
        configuration.AddJsonFile(source =>
        {
            source.FileProvider = new PhysicalFileProvider(Path.GetDirectoryName(full)!, ExclusionFilters.None)
            {
                UsePollingFileWatcher = true,
                UseActivePolling = true,
            };
            (source.Path, source.Optional, source.ReloadOnChange) = (Path.GetFileName(full), isOptional, true);
            source.OnLoadException = failure =>
            {
                if (isAdded)
                {
                    Console.Error.WriteLine($"The settings of {full} cannot be read, and those before stay in effect: "
                        + (failure.Exception.InnerException ?? failure.Exception).Message);
                }
            };
        });
        isAdded = true;
    }
}
