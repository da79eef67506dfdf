using Sandbox.Serving.Cml;
using Sandbox.Serving.Cml.Configuration;

namespace Sandbox.Api.ClusterManagement;

/// <summary>Reads which cluster on Cloudera ML this server is the head of.</summary>
internal static class CmlClusterFile
{
    /// <summary>Null: of none.</summary>
    /// <param name="configuration">Has the variables of the environment, too.</param>
    /// <exception cref="CmlConfigurationException">The file cannot be.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CmlSettings? Read(ClusterManagementOptions options, IConfiguration configuration)
    {
        if (options.ConfigFile.Length == 0)
        {
            return null;
        }

        var variables = configuration.AsEnumerable().Where(setting => setting.Value is not null)
            .ToDictionary(setting => setting.Key, setting => setting.Value!);
        var settings = CmlSettings.Read(File.ReadAllText(options.ConfigFile), options.ConfigFile, variables);
        return settings.ProjectId is null
            ? throw new CmlConfigurationException($"{options.ConfigFile}: cai.project_id is missing")
            : settings;
    }
}
