using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known when the stack runs.</summary>
public interface IValueProvider
{
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
}

/// <summary>A value as what is published names it.</summary>
public interface IManifestExpressionProvider
{
    string ValueExpression { get; }
}

/// <summary>A value of which something else is made.</summary>
public interface IValueWithReferences
{
    IEnumerable<object> References { get; }
}

/// <summary>A text with values in between that are known later.</summary>
public class ReferenceExpression : IManifestExpressionProvider, IValueProvider, IValueWithReferences
{
    private readonly IReadOnlyList<(string Literal, object? Value, string? Format)> _parts;

    private ReferenceExpression(IReadOnlyList<(string, object?, string?)> parts) => _parts = parts;

    public string ValueExpression => string.Concat(_parts.Select(part => part.Value switch
    {
        null => part.Literal,
        ParameterResource parameter when part.Format is "uri" => $"{{{parameter.Name}-uri-encoded.value}}",
        var value => ((IManifestExpressionProvider)value).ValueExpression,
    }));

    public IReadOnlyList<IValueProvider> ValueProviders => [.. _parts.Select(part => part.Value).OfType<IValueProvider>()];

    IEnumerable<object> IValueWithReferences.References => ValueProviders;

    /// <summary>Parameters of which a part is written as the part of an address.</summary>
    internal IEnumerable<ParameterResource> UriParameters =>
        _parts.Where(part => part.Format is "uri").Select(part => part.Value).OfType<ParameterResource>();

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.ToExpression();

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        foreach (var (literal, value, format) in _parts)
        {
            var part = value is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) : literal;
            text.Append(format is "uri" ? Uri.EscapeDataString(part ?? "") : part);
        }

        return text.ToString();
    }

    /// <summary>What <c>$"…{value}…"</c> becomes.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        private readonly List<(string Literal, object? Value, string? Format)> _parts = new(literalLength > 0 ? formattedCount + 1 : formattedCount);

        public void AppendLiteral(string value) => _parts.Add((value, null, null));

        public void AppendFormatted(string? value, string? format = null) =>
            _parts.Add((format is "uri" ? Uri.EscapeDataString(value ?? "") : value ?? "", null, null));

        public void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider, IManifestExpressionProvider => _parts.Add(("", valueProvider, format));

        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider => _parts.Add(("", valueProvider.Resource, format));

        internal ReferenceExpression ToExpression() => new(_parts);
    }
}

/// <summary>A resource that others reach by a text such as <c>Host=…;Port=…</c>.</summary>
public interface IResourceWithConnectionString : IResource, IValueProvider, IManifestExpressionProvider, IValueWithReferences
{
    ReferenceExpression ConnectionStringExpression { get; }

    string? ConnectionStringEnvironmentVariable => null;

    string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";

    IEnumerable<object> IValueWithReferences.References => [ConnectionStringExpression];

    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConnectionStringExpression.GetValueAsync(cancellationToken);

    /// <summary>The parts of it by name: host, port, ….</summary>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => [];

    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);
}

public enum EndpointProperty
{
    Url,
    Host,
    IPV4Host,
    Port,
    Scheme,
    TargetPort,
    HostAndPort,
}

/// <summary>An endpoint of a resource; as a text, its address.</summary>
public sealed class EndpointReference(IResourceWithEndpoints owner, string endpointName) : IManifestExpressionProvider, IValueProvider, IValueWithReferences
{
    public IResourceWithEndpoints Resource { get; } = owner;

    public string EndpointName { get; } = endpointName;

    public EndpointAnnotation EndpointAnnotation => Find()
        ?? throw new InvalidOperationException($"The resource '{Resource.Name}' has no endpoint '{EndpointName}'.");

    public bool Exists => Find() is not null;

    public bool IsAllocated => Find()?.AllocatedEndpoint is not null;

    public bool IsHttp => Scheme is "http";

    public bool IsHttps => Scheme is "https";

    public string Scheme => EndpointAnnotation.UriScheme;

    public int? TargetPort => EndpointAnnotation.TargetPort;

    public int Port => Allocated.Port;

    public string Host => Allocated.Address;

    public string Url => Allocated.UriString;

    public string ValueExpression => Property(EndpointProperty.Url).ValueExpression;

    IEnumerable<object> IValueWithReferences.References => [Resource];

    private AllocatedEndpoint Allocated => EndpointAnnotation.AllocatedEndpoint
        ?? throw new InvalidOperationException($"The endpoint '{EndpointName}' of '{Resource.Name}' has no port yet; it gets one when the stack starts.");

    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(cancellationToken);

    private EndpointAnnotation? Find() =>
        Resource.Annotations.OfType<EndpointAnnotation>().SingleOrDefault(one => string.Equals(one.Name, EndpointName, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One part of an endpoint's address.</summary>
public class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IManifestExpressionProvider, IValueProvider, IValueWithReferences
{
    public EndpointReference Endpoint { get; } = endpointReference;

    public EndpointProperty Property { get; } = property;

    public string ValueExpression => Property is EndpointProperty.HostAndPort
        ? $"{Of("host")}:{Of("port")}"
        : Of(Property is EndpointProperty.TargetPort ? "targetPort" : Property is EndpointProperty.IPV4Host ? "host" : Property.ToString().ToLowerInvariant());

    IEnumerable<object> IValueWithReferences.References => [Endpoint];

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var allocated = await Endpoint.EndpointAnnotation.Allocated.WaitAsync(cancellationToken);
        return Property switch
        {
            EndpointProperty.Url => allocated.UriString,
            EndpointProperty.Host => allocated.Address,
            EndpointProperty.IPV4Host => "127.0.0.1",
            EndpointProperty.Port => $"{allocated.Port}",
            EndpointProperty.Scheme => allocated.UriScheme,
            EndpointProperty.TargetPort => allocated.TargetPortExpression ?? $"{allocated.Port}",
            _ => allocated.EndPointString,
        };
    }

    private string Of(string part) => $"{{{Endpoint.Resource.Name}.bindings.{Endpoint.EndpointName}.{part}}}";
}
