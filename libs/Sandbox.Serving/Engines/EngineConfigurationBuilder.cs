using System.Collections.Immutable;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Engines;

/// <summary>A builder that checks each key by its schema, then what keys mean together, before it builds.</summary>
public abstract class EngineConfigurationBuilder(ConfigurationSchema schema) : IEngineConfigurationBuilder
{
    public ConfigurationSchema Schema { get; } = schema;

    public ValidationResult Validate(EngineConfiguration configuration) =>
        Schema.Validate(configuration) is { IsValid: false } invalid
            ? invalid
            : new ValidationResult([.. CheckTogether(new(Schema, configuration))]);

    public EngineLaunch Build(EngineConfiguration configuration) => Validate(configuration) is { IsValid: false, Message: var message }
        ? throw new ArgumentException(message, nameof(configuration))
        : Build(new EngineSettings(Schema, configuration));

    /// <summary>What is wrong although each value is right by itself.</summary>
    protected abstract ImmutableArray<string> CheckTogether(EngineSettings settings);

    /// <summary>Settings here are valid.</summary>
    protected abstract EngineLaunch Build(EngineSettings settings);
}
