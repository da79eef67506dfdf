using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Specs;

public sealed class EngineArgumentsParserTests
{
    [Fact]
    public void Parse_OfAllowedArguments_ReadsBothForms()
    {
        string[] given =
        [
            "--shm-size=1g", "--ulimit", "nofile=1024:2048", "--ulimit=core=0", "--tmpfs", "/scratch:size=64m",
            "--sysctl=net.core.somaxconn=1024",
            "--dns", "10.0.0.1", "--dns-search=a.example", "--add-host", "db:10.0.0.2", "--hostname=box", "--cpuset-cpus=0-1",
            "--platform=linux/amd64", "--read-only",
        ];

        Assert.True(EngineArgumentsParser.Parse(given).TryGet(out var read, out var error), error?.Text);

        Assert.Equal(1L << 30, read.ShmBytes);
        Assert.Equal([new EngineUlimit("nofile", 1024, 2048), new EngineUlimit("core", 0, 0)], read.Ulimits);
        Assert.Equal("size=64m", read.Tmpfs["/scratch"]);
        Assert.Equal("1024", read.Sysctls["net.core.somaxconn"]);
        Assert.Equal(["10.0.0.1"], read.Dns);
        Assert.Equal(["a.example"], read.DnsSearch);
        Assert.Equal(["db:10.0.0.2"], read.ExtraHosts);
        Assert.Equal(("box", "0-1", "linux/amd64", true), (read.Hostname, read.CpusetCpus, read.Platform, read.ReadOnlyRoot));
    }

    [Theory]
    [InlineData("--privileged")]
    [InlineData("--volume=/:/host")]
    [InlineData("-v")]
    [InlineData("--read-only=no")]
    [InlineData("--mount=type=bind,source=/,target=/host")]
    [InlineData("--cap-add=SYS_ADMIN")]
    [InlineData("--security-opt=seccomp=unconfined")]
    [InlineData("--pid=host")]
    [InlineData("--network=host")]
    [InlineData("--device=/dev/kvm")]
    [InlineData("--label=sandbox.aspire/cluster=other")]
    [InlineData("")]
    public void Parse_OfAnythingElse_IsRefused(string argument)
    {
        Assert.False(EngineArgumentsParser.Parse([argument]).TryGet(out _, out var error));

        Assert.StartsWith("docker_args: ", error.Text, StringComparison.Ordinal);
        Assert.Contains("is not allowed; allowed are --read-only --shm-size", error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--shm-size=0")]
    [InlineData("--shm-size=9999999999999g")]
    [InlineData("--ulimit=nofile")]
    [InlineData("--ulimit=unknown=1")]
    [InlineData("--ulimit=rtprio=99")]
    [InlineData("--ulimit=memlock=-1")]
    [InlineData("--ulimit=msgqueue=-1")]
    [InlineData("--ulimit=sigpending=100000")]
    [InlineData("--ulimit=core=-1")]
    [InlineData("--ulimit=core=0:1")]
    [InlineData("--ulimit=nofile=16")]
    [InlineData("--ulimit=nofile=1024:512")]
    [InlineData("--tmpfs=relative")]
    [InlineData("--tmpfs=/")]
    [InlineData("--tmpfs=/.sandbox/bin")]
    [InlineData("--tmpfs=/a/../.sandbox")]
    [InlineData("--tmpfs=/proc/sys")]
    [InlineData("--tmpfs=/a/./../b")]
    [InlineData("--tmpfs=//proc")]
    [InlineData("--sysctl=kernel.core_pattern=|/bin/sh")]
    [InlineData("--sysctl=vm.overcommit_memory=1")]
    [InlineData("--dns=resolver")]
    [InlineData("--add-host=db")]
    [InlineData("--hostname=a b")]
    [InlineData("--platform=linux\n")]
    [InlineData("--dns")]
    public void Parse_OfABadValue_NamesTheArgument(string argument)
    {
        Assert.False(EngineArgumentsParser.Parse([argument]).TryGet(out _, out var error));

        Assert.Equal("docker_args", Assert.IsType<SandboxError.BadSpec>(error).Field);
        Assert.Contains($"{argument.Split('=')[0]} cannot be '", error.Text, StringComparison.Ordinal);
    }
}
