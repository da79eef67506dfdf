using Microsoft.Extensions.DependencyInjection;
using Sandbox.Hosting;
using Sandbox.Kubernetes;
using Sandbox.Kubernetes.Templates;
using Sandbox.Node.Membership;

var program = new ClusterProgram(args)
{
    Refusals = [typeof(TemplateException)],
    WhyEnded = static app => app.Services.GetRequiredService<FatalExit>().Why,
};
return await program.RunAsync(KubernetesNode.Build);
