using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Kubernetes;
using Sandbox.Kubernetes.Templates;
using Sandbox.Node.Membership;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    KubernetesNode.Build,
    static app => app.Services.GetRequiredService<FatalExit>().Why,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(TemplateException));
