using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The environment and the arguments that a resource is started, or published, with.</summary>
public interface IExecutionConfigurationResult
{
    IEnumerable<KeyValuePair<string, string>> EnvironmentVariables { get; }

    IEnumerable<(string Value, bool IsSensitive)> Arguments { get; }

    Exception? Exception { get; }
}

public interface IExecutionConfigurationBuilder
{
    Task<IExecutionConfigurationResult> BuildAsync(
        DistributedApplicationExecutionContext executionContext, ILogger? resourceLogger = null, CancellationToken cancellationToken = default);
}

/// <summary>Runs the callbacks of a resource. While running, values are waited for; while publishing, they are named.</summary>
public sealed class ExecutionConfigurationBuilder : IExecutionConfigurationBuilder
{
    private readonly IResource _resource;

    private ExecutionConfigurationBuilder(IResource resource) => _resource = resource;

    internal bool HasEnvironment { get; set; }

    internal bool HasArguments { get; set; }

    public static IExecutionConfigurationBuilder Create(IResource resource) => new ExecutionConfigurationBuilder(resource);

    public async Task<IExecutionConfigurationResult> BuildAsync(
        DistributedApplicationExecutionContext executionContext, ILogger? resourceLogger = null, CancellationToken cancellationToken = default)
    {
        var environment = new Dictionary<string, string>();
        var arguments = new List<(string, bool)>();
        if (HasEnvironment)
        {
            var context = new EnvironmentCallbackContext(executionContext, _resource, cancellationToken: cancellationToken);
            foreach (var annotation in _resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            {
                await annotation.Callback(context);
            }

            foreach (var (name, value) in context.EnvironmentVariables)
            {
                environment[name] = await TextAsync(value, executionContext, cancellationToken);
            }
        }

        if (HasArguments)
        {
            var context = new CommandLineArgsCallbackContext([], cancellationToken);
            foreach (var annotation in _resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
            {
                await annotation.Callback(context);
            }

            foreach (var value in context.Args)
            {
                arguments.Add((await TextAsync(value, executionContext, cancellationToken), false));
            }
        }

        return new ExecutionConfigurationResult(environment, arguments);
    }

    private static async Task<string> TextAsync(object value, DistributedApplicationExecutionContext context, CancellationToken cancellationToken) => value switch
    {
        IManifestExpressionProvider named when context.IsPublishMode => named.ValueExpression,
        IValueProvider known => await known.GetValueAsync(cancellationToken) ?? "",
        _ => value.ToString() ?? "",
    };

    private sealed record ExecutionConfigurationResult(Dictionary<string, string> Environment, List<(string, bool)> Words) : IExecutionConfigurationResult
    {
        public IEnumerable<KeyValuePair<string, string>> EnvironmentVariables => Environment;

        public IEnumerable<(string Value, bool IsSensitive)> Arguments => Words;

        public Exception? Exception => null;
    }
}

public static class ExecutionConfigurationBuilderExtensions
{
    public static IExecutionConfigurationBuilder WithEnvironmentVariablesConfig(this IExecutionConfigurationBuilder builder)
    {
        ((ExecutionConfigurationBuilder)builder).HasEnvironment = true;
        return builder;
    }

    public static IExecutionConfigurationBuilder WithArgumentsConfig(this IExecutionConfigurationBuilder builder)
    {
        ((ExecutionConfigurationBuilder)builder).HasArguments = true;
        return builder;
    }
}
