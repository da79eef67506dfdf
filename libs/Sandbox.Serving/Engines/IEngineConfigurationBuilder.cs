using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Engines;

/// <summary>Makes of a user's configuration how an engine is started.</summary>
public interface IEngineConfigurationBuilder
{
    /// <summary>The keys it knows, with their defaults.</summary>
    ConfigurationSchema Schema { get; }

    /// <summary>Everything that speaks against a configuration.</summary>
    ValidationResult Validate(EngineConfiguration configuration);

    /// <exception cref="ArgumentException">The configuration is not valid; the message has all errors.</exception>
    EngineLaunch Build(EngineConfiguration configuration);
}
