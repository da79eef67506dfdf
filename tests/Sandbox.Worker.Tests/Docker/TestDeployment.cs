using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Storage.Archives;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>A deployment of real parts over an engine of a test's choice.</summary>
internal static class TestDeployment
{
    public static DockerDeployment Of(
        EngineConnection engine, WorkerOptions worker, TimeProvider time, Func<SandboxInstance, IReadOnlyList<string>>? command = null,
        IHostTools? tools = null, ILogger<SharedDiskBudget>? budget = null, SandboxNetworks? networks = null)
    {
        IOptions<WorkerOptions> options = Options.Create(worker);
        var folders = new SandboxFolders(options);
        var images = new SandboxImages(
            engine, new ImageLedger(options, time, NullLogger<ImageLedger>.Instance),
            new RegistryCheck(Options.Create(new ImagePolicy()), Options.Create(new ArchiveOptions()), time),
            Options.Create(new ImagePolicy()), options, time, NullLogger<SandboxImages>.Instance);
        networks ??= NetworksOf(engine, worker);
        var gpus = new GpuAssignment(engine, options);
        var start = new DockerStart(
            new ContainerStarter(engine, networks), images,
            new ContainerPlanner(engine, folders, options, new HeldNodeLease(7), networks),
            new ContainerCreation(engine, gpus, options, time, NullLogger<ContainerCreation>.Instance),
            new SharedDiskBudget(engine, tools ?? new HostTools(), time, budget ?? NullLogger<SharedDiskBudget>.Instance), options,
            NullLogger<DockerStart>.Instance);
        return new DockerDeployment(engine, images, networks, start, gpus, options, NullLogger<DockerDeployment>.Instance)
        {
            Command = command ?? ContainerPlan.AgentCommand,
        };
    }

    public static SandboxNetworks NetworksOf(
        EngineConnection engine, WorkerOptions worker, SecurityPolicy? policy = null, TimeProvider? time = null,
        IHostTools? tools = null, INameLookup? lookup = null) => new(
            engine, new Firewall(tools ?? new HostTools(), TimeProvider.System), lookup ?? new MachineNameLookup(),
            Options.Create(policy ?? new SecurityPolicy()), Options.Create(worker), time ?? TimeProvider.System,
            NullLogger<SandboxNetworks>.Instance);
}
