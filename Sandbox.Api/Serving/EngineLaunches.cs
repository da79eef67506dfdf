using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sandbox.Domain.Models;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.Serving;

/// <summary>From the record of a model to how its engines are started, by the engines that this process has.</summary>
internal sealed class EngineLaunches(EngineRegistry engines)
{
    /// <summary>The key of a configuration that says on which port an engine listens.</summary>
    public const string PortKey = "port";

    /// <summary>The port of an engine that has a loopback for itself and was told none.</summary>
    public const int DefaultPort = 8000;

    /// <param name="port">On which it listens, where its engine can be told so.</param>
    /// <param name="error">Why there is none, without a secret.</param>
    public bool TryBuild(
        ModelRecord model, int port, [NotNullWhen(true)] out EngineStart? start, [NotNullWhen(false)] out string? error)
    {
        start = null;
        if (model.IsConfigurationUnreadable)
        {
            error = "its configuration was encrypted under a secret that this server does not have";
            return false;
        }

        if (!engines.TryGet(model.Engine, out var engine))
        {
            error = new UnknownEngineException(model.Engine, engines.Names).Message;
            return false;
        }

        var configuration = new EngineConfiguration(model.Configuration);
        if (engine.Configuration.Schema.Has(PortKey))
        {
            configuration = configuration.With(PortKey, port.ToString(CultureInfo.InvariantCulture));
        }

        if (engine.Configuration.Validate(configuration) is { IsValid: false, Message: var message })
        {
            error = message;
            return false;
        }

        start = new(engine.Engine, engine.Deployment.Create(engine.Configuration.Build(configuration)));
        error = null;
        return true;
    }
}
