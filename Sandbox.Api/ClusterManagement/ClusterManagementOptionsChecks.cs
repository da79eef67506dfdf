using Microsoft.Extensions.Options;
using Sandbox.Serving.Cml.Configuration;

namespace Sandbox.Api.ClusterManagement;

/// <summary>What attributes cannot check.</summary>
internal sealed class ClusterManagementOptionsChecks(IConfiguration configuration) : IValidateOptions<ClusterManagementOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterManagementOptions options)
    {
        if (options.DashboardUrl.Length > 0
            && !(Uri.TryCreate(options.DashboardUrl, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https")))
        {
            return ValidateOptionsResult.Fail($"{Name(nameof(options.DashboardUrl))}: must be an address of http or https");
        }

        try
        {
            _ = CmlClusterFile.Read(options, configuration);
            return ValidateOptionsResult.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CmlConfigurationException)
        {
            return ValidateOptionsResult.Fail($"{Name(nameof(options.ConfigFile))}: {exception.Message}");
        }
    }

    private static string Name(string setting) => $"{ClusterManagementOptions.Section}:{setting}";
}
