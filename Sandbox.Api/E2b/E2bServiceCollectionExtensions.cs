using Microsoft.Extensions.Options;

namespace Sandbox.Api.E2b;

/// <summary>Registers the E2B API.</summary>
internal static class E2bServiceCollectionExtensions
{
    public static IServiceCollection AddE2b(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<E2bOptions, E2bOptionsValidator>().BindConfiguration(E2bOptions.Section);
        services.AddSingleton<IValidateOptions<E2bOptions>, E2bOptionsChecks>();
        services.AddSingleton<TemplateCatalog>().AddSingleton<NewSandboxReader>().AddSingleton<E2bBody>().AddSingleton<E2bViews>()
            .AddSingleton<E2bSupport>();
        return services.AddSingleton<CreateEndpoint>().AddSingleton<ListEndpoint>().AddSingleton<SandboxEndpoint>()
            .AddSingleton<TemplateEndpoint>().AddSingleton<E2bEndpoints>();
    }
}
