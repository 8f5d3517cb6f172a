using OrleansContrastive.Infra.Tests.Checks;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests;

/// <summary>What is deployed passes every check, and every rule of every check finds what is broken.</summary>
public sealed class ChecksTests
{
    private static readonly Dictionary<string, Func<Tree, IEnumerable<string>>> Checks = new()
    {
        [nameof(AzureYaml)] = AzureYaml.Problems,
        [nameof(Templates)] = Templates.Problems,
        [nameof(Parameters)] = Parameters.Problems,
        [nameof(Topology)] = Topology.Problems,
        [nameof(SiloApp)] = SiloApp.Problems,
        ["Dashboard"] = SiloApp.DashboardProblems,
        [nameof(Variables)] = Variables.Problems,
        [nameof(Dockerfiles)] = Dockerfiles.Problems,
        [nameof(Locks)] = Locks.Problems,
        [nameof(Composition)] = Composition.Problems,
        [nameof(Safety)] = Safety.Problems,
        [nameof(CommandLines)] = CommandLines.Problems,
    };

    public static TheoryData<string> Names => [.. Checks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_deployed_has_no_problem(string check)
    {
        var problems = Checks[check](Tree.Real).ToList();
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Theory]
    [InlineData(nameof(AzureYaml), "azure.yaml", "name: orleans-contrastive", "name: Orleans_Contrastive", "name is 'Orleans_Contrastive'")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "services:", "service:", "'service' is no key")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "remoteBuild: true", "remotebuild: true", "'remotebuild' is no key")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "host: containerapp", "host: containerapps", "host is 'containerapps'")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "project: silo/OrleansContrastive.Silo", "project: silo/Silo", "no folder silo/Silo")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "path: ./Dockerfile", "path: ./Dockerfile.cpu", "Dockerfile.cpu")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "context: ../..", "context: ..", "copies from the repository's root")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "linux/amd64", "linux/arm64", "linux-x64")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "predeploy:", "preDeploy:", "no hook 'preDeploy'")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "infra/hooks/colour.sh", "infra/hooks/color.sh", "no infra/hooks/color.sh")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "module: main", "module: cluster-main", "no infra/cluster-main.bicep")]
    [InlineData(nameof(AzureYaml), "azure.yaml", "  cluster:\n", "  silos:\n", "no infra/silos.bicep|azd-service-name: silos")]
    [InlineData(nameof(AzureYaml), "infra/cluster/job.bicep", "'azd-service-name': 'cluster'", "'azd-service-name': 'job'", "azd-service-name: cluster")]
    [InlineData(nameof(AzureYaml), "azure.yaml", ">= 1.24.0", "newest", "azd is 'newest'")]
    [InlineData(nameof(Templates), "infra/main.bicep", "'foundation/network.bicep'", "'foundation/net.bicep'", "no template infra/foundation/net.bicep|network.bicep is no module")]
    [InlineData(nameof(Templates), "infra/foundation/storage.bicep", "param readers string[]", "param readers string[]\nparam region string", "not passed 'region'|'region' is not used")]
    [InlineData(nameof(Templates), "infra/main.bicep", "    isInternal: true\n", "    isInternal: true\n    zones: 3\n", "passed 'zones'")]
    [InlineData(nameof(Templates), "infra/main.bicep", "network.outputs.siloSubnetId", "network.outputs.subnetId", "network.outputs.subnetId|nobody reads the output 'siloSubnetId'")]
    [InlineData(nameof(Templates), "infra/main.bicep", "dashboardIdentity.outputs.principalId", "dashboardId.outputs.principalId", "'dashboardId' is not declared")]
    [InlineData(nameof(Templates), "infra/main.bicep", "uniqueString(", "uniqeString(", "'uniqeString' is no function")]
    [InlineData(nameof(Templates), "infra/cluster.bicep", "loadJsonContent('silos.json')", "loadJsonContent('silo.json')", "no file infra/silo.json")]
    [InlineData(nameof(Templates), "infra/cluster.bicep", "  clusterId: clusterId\n  store", "  store", "lacks 'clusterId'")]
    [InlineData(nameof(Templates), "infra/cluster/silo.bicep", "host.staticIp", "host.ip", "type 'hosting' has no such property")]
    [InlineData(nameof(Templates), "infra/cluster/silo.bicep", "import { hosting, siloDefinition }", "import { hosting, silo }", "exports no type 'silo'|'siloDefinition' is no type")]
    [InlineData(nameof(Parameters), "infra/main.parameters.json", "\"gpuType\"", "\"gpuKind\"", "no parameter 'gpuKind'")]
    [InlineData(nameof(Parameters), "infra/main.parameters.json", "\"location\": { \"value\": \"${AZURE_LOCATION}\" },", "", "requires 'location'")]
    [InlineData(nameof(Parameters), "infra/main.parameters.json", "DEPLOY_GPU=false", "DEPLOY_GPU=no", "'no' of DEPLOY_GPU")]
    [InlineData(nameof(Parameters), "infra/main.parameters.json", "GPU_TYPE=T4", "GPU_TYPE=H100", "'H100' of GPU_TYPE")]
    [InlineData(nameof(Parameters), "infra/cluster.parameters.json", "${STORE_ADDRESS}", "${STORE_URL}", "nothing sets STORE_URL")]
    [InlineData(nameof(Parameters), "infra/cluster.parameters.json", "SERVICE_CLUSTER_IMAGE_NAME", "SERVICE_SILO_IMAGE_NAME", "nothing sets SERVICE_SILO_IMAGE_NAME")]
    [InlineData(nameof(Parameters), "infra/hooks/colour.sh", "azd env set SILO_COLOUR", "azd env set SILO_COLOR", "nothing sets SILO_COLOUR")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 11101", "are both 11101")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 12101", "are both 12101")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 36985", "36985, which the platform keeps")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 35985", "36985, which the platform keeps")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 443", "expected 1024")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"siloPort\": 11102", "\"siloPort\": 65000", "66000 in one colour")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"name\": \"state-2\"", "\"name\": \"state-1\"", "two silos are called state-1")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"name\": \"work-1\", \"roles\": \"augmentation,encoder,key\"", "\"name\": \"work-1\", \"roles\": \"augmentation,encoder\"", "role Key is there 1 times")]
    [InlineData(nameof(Topology), "infra/silos.json", "augmentation,encoder,key", "augmentation,encodr,key", "known: augmentation")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"memory\": \"4Gi\"", "\"memory\": \"6Gi\"", "twice as many Gi")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"device\": \"cpu\" }\n]", "\"device\": \"cuda\" }\n]", "is not of profile Consumption")]
    [InlineData(nameof(Topology), "infra/silos.json", "\"device\": \"cpu\" }\n]", "\"gpu\": 1 }\n]", "has 'gpu'|lacks 'device'")]
    [InlineData(nameof(SiloApp), SiloApp.File, "maxReplicas: 1", "maxReplicas: 3", "scale.maxReplicas")]
    [InlineData(nameof(SiloApp), SiloApp.File, "minReplicas: 1", "minReplicas: 0", "scale.minReplicas")]
    [InlineData(nameof(SiloApp), SiloApp.File, "maxReplicas: 1\n", "maxReplicas: 1\n        rules: []\n", "scale.rules")]
    [InlineData(nameof(SiloApp), SiloApp.File, "activeRevisionsMode: 'Single'", "activeRevisionsMode: 'Multiple'", "activeRevisionsMode")]
    [InlineData(nameof(SiloApp), SiloApp.File, "transport: 'tcp'", "transport: 'http2'", "ingress is tcp")]
    [InlineData(nameof(SiloApp), SiloApp.File, "targetPort: gatewayTarget", "targetPort: siloTarget", "Endpoints__ListenGatewayPort")]
    [InlineData(nameof(SiloApp), SiloApp.File, "exposedPort: siloPort", "exposedPort: gatewayPort", "Endpoints__SiloPort")]
    [InlineData(nameof(SiloApp), SiloApp.File, "path: '/health/live'", "path: '/healthz'", "Liveness asks /healthz")]
    [InlineData(nameof(SiloApp), SiloApp.File, "port: healthTarget", "port: gatewayTarget", "another port than the program answers HTTP")]
    [InlineData(nameof(SiloApp), SiloApp.File, "terminationGracePeriodSeconds: 90", "terminationGracePeriodSeconds: 70", "stops within 70 s")]
    [InlineData(nameof(SiloApp), SiloApp.File, "value: '00:01:00'", "value: '00:02:00'", "stops within 130 s")]
    [InlineData(nameof(SiloApp), SiloApp.File, "type: 'Startup'", "type: 'StartUp'", "no probe of type Startup|has the type 'StartUp'")]
    [InlineData("Dashboard", "infra/cluster/dashboard.bicep", "/health/live", "/health/alive", "/health/alive")]
    [InlineData("Dashboard", "infra/cluster/dashboard.bicep", "allowInsecure: false", "allowInsecure: true", "HTTPS alone")]
    [InlineData("Dashboard", "infra/cluster/dashboard.bicep", "'RedirectToLoginPage'", "'AllowAnonymous'", "turned away")]
    [InlineData(nameof(Variables), SiloApp.File, "Worker__DrainTimeout", "Worker__DrainTime", "WorkerOptions has no property DrainTime")]
    [InlineData(nameof(Variables), SiloApp.File, "Membership__ProbeTimeout", "Members__ProbeTimeout", "no section Members")]
    [InlineData(nameof(Variables), SiloApp.File, "value: '00:01:30'", "value: '90s'", "which is no TimeSpan")]
    [InlineData(nameof(Variables), SiloApp.File, "value: '00:01:30'", "value: '01:30:00'", "at most 10 min")]
    [InlineData(nameof(Variables), SiloApp.File, "'AZURE_CLIENT_ID'", "'AZURE_CLIENTID'", "AZURE_CLIENTID is no variable")]
    [InlineData(nameof(Variables), Composition.File, "Worker__Device: cpu", "Worker__Device: gpu", "Worker:Device is 'gpu'")]
    [InlineData(nameof(Variables), Composition.File, "Health__Port: \"8080\"", "Health__Ports: \"8080\"", "HealthSettings has no property Ports")]
    [InlineData(nameof(Variables), Composition.File, "Log__Format: human", "Logs__Format: human", "no section Logs")]
    [InlineData(nameof(Variables), Dockerfiles.Cpu, "Endpoints__ListenOnAny=true", "Endpoints__ListenOnAny=yes", "which is no Boolean")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "sdk:10.0.401-noble", "sdk:10.0-noble", "no tag of a whole version|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "COPY presets/ presets/", "COPY preset/ presets/", "nothing at 'preset/'|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Gpu, "COPY src/OrleansContrastive.Data/*.csproj src/OrleansContrastive.Data/*.lock.json src/OrleansContrastive.Data/\n", "", "OrleansContrastive.Data.csproj is not copied before the restore|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "COPY offline/Hashing/*.csproj offline/Hashing/*.lock.json offline/Hashing/\n", "", "Offline.Hashing.csproj is not copied before the restore|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "COPY client/ client/\n", "", ".cs is not copied|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "COPY .editorconfig global.json", "COPY global.json", ".editorconfig is not copied before the restore|differ in")]
    [InlineData(nameof(Dockerfiles), ".dockerignore", "!presets/\n", "", "nothing at 'presets/'")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "USER 1654:1654", "USER root", "user of its own|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "ENTRYPOINT [\"/app/contrastive-silo\"]", "ENTRYPOINT [\"/app/silo\"]", "not the silo|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "HOME=/data", "HOME=/home/app", "HOME is /home/app|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "HEALTHCHECK ", "# HEALTHCHECK ", "no HEALTHCHECK|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Cpu, "org.opencontainers.image.licenses", "org.opencontainers.image.license", "image.licenses is missing|differ in")]
    [InlineData(nameof(Dockerfiles), Dockerfiles.Gpu, "ARG TORCH=cuda", "ARG TORCH=cpu", "TORCH is not cuda")]
    [InlineData(nameof(Locks), "Directory.Packages.props", "Include=\"Spectre.Console\" Version=\"0.49.1\"", "Include=\"Spectre.Console\" Version=\"0.50.0\"", "Spectre.Console is 0.49.1")]
    [InlineData(nameof(Locks), "src/OrleansContrastive.Hosting/OrleansContrastive.Hosting.csproj", "</Project>", "<ItemGroup><PackageReference Include=\"Serilog\" /></ItemGroup></Project>", "lacks Serilog")]
    [InlineData(nameof(Locks), "client/OrleansContrastive.Cli/OrleansContrastive.Cli.csproj", "<PackageReference Include=\"Spectre.Console\" />", "", "Spectre.Console, which the project does not use")]
    [InlineData(nameof(Composition), Composition.File, "azurite:3.35.0", "azurite:latest", "no tag of a whole version")]
    [InlineData(nameof(Composition), Composition.File, "read_only: true", "readonly: true", "'readonly' is no key|not read-only")]
    [InlineData(nameof(Composition), Composition.File, "      work-2: { condition: service_healthy }", "      work-3: { condition: service_healthy }", "depends on 'work-3'")]
    [InlineData(nameof(Composition), Composition.File, "volumes: [\"store:/storage\"]", "volumes: [\"azurite:/storage\"]", "no volume azurite|nothing uses the volume store")]
    [InlineData(nameof(Composition), Composition.File, "127.0.0.1:8080:8080", "8080:8080", "open to others")]
    [InlineData(nameof(Composition), Composition.File, "stop_grace_period: 45s", "stop_grace_period: 20s", "needs longer to stop")]
    [InlineData(nameof(Composition), Composition.File, "dockerfile: silo/OrleansContrastive.Silo/Dockerfile", "dockerfile: Dockerfile", "no Dockerfile")]
    [InlineData(nameof(Composition), "infra/silos.json", "\"name\": \"work-2\"", "\"name\": \"work-3\"", "silo work-3 has the roles ''")]
    [InlineData(nameof(Composition), Composition.File, "        STACK: $", "        STAK: $", "no ARG STAK")]
    [InlineData(nameof(Safety), "infra/foundation/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess must be false")]
    [InlineData(nameof(Safety), "infra/foundation/storage.bicep", "    allowSharedKeyAccess: false\n", "", "and is not said")]
    [InlineData(nameof(Safety), "infra/foundation/storage.bicep", "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion")]
    [InlineData(nameof(Safety), "infra/foundation/registry.bicep", "adminUserEnabled: false", "adminUserEnabled: true", "adminUserEnabled must be false")]
    [InlineData(nameof(Safety), "infra/foundation/registry.bicep", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "b24988ac-6180-42a0-ab88-20f7382dd24c", "no role that the cluster needs")]
    [InlineData(nameof(Safety), "infra/foundation/registry.bicep", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec", "is the role acrPush")]
    [InlineData(nameof(Safety), "infra/foundation/registry.bicep", "      principalType: 'ServicePrincipal'\n", "", "names the principalType")]
    [InlineData(nameof(Safety), "infra/foundation/storage.bicep", "account.properties.primaryEndpoints.table", "account.listKeys().keys[0].value", "listKeys reads a key")]
    [InlineData(nameof(Safety), "infra/cluster/dashboard.bicep", "transport: 'http'", "transport: 'http'\n        corsPolicy: { allowedOrigins: [ '*' ] }", "another origin|a wildcard")]
    [InlineData(nameof(Safety), Composition.File, "orleans-contrastive:local\n", "orleans-contrastive:latest\n", "called latest")]
    [InlineData(nameof(Safety), Composition.File, "AccountKey=Eby8vdM02x", "AccountKey=Eby8vdM02y", "looks like a key|secret is written down")]
    [InlineData(nameof(Safety), "infra/hooks/colour.sh", "set -eu", "set -eu\nclient_secret=abcdefgh", "secret is written down")]
    [InlineData(nameof(CommandLines), "infra/train.json", "\"--preset\"", "\"--preest\"", "--preest")]
    [InlineData(nameof(CommandLines), "infra/train.json", "fashion-mnist-async", "fashion-mnist-asinc", "no preset 'fashion-mnist-asinc'")]
    [InlineData(nameof(CommandLines), "infra/cluster/dashboard.bicep", "'--address'", "'--listen'", "--listen")]
    [InlineData(nameof(CommandLines), "infra/cluster/job.bicep", "'fetch'", "'get'", "get")]
    [InlineData(nameof(CommandLines), Composition.File, "command: [run, start, --watch", "command: [run, begin, --watch", "begin")]
    public void What_is_broken_is_found(string check, string path, string right, string wrong, string expected)
    {
        var problems = Checks[check](Tree.Real.With(path, right, wrong)).ToList();
        Assert.All(expected.Split('|'), words => Assert.Contains(problems, problem => problem.Contains(words, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("contrastive run start --watch --preset fashion-mnist --store URL", true)]
    [InlineData("contrastive run begin", false)]
    [InlineData("contrastive run status RUN --jsn", false)]
    [InlineData("./run cluster-demo --victim key", true)]
    [InlineData("./run clusterdemo", false)]
    [InlineData("contrastive-silo --store URL --roles all", true)]
    [InlineData("contrastive-silo --stoer URL", false)]
    public void A_documents_command_lines_are_tried(string line, bool exists)
    {
        var tree = Tree.Real.Plus("docs/operations.md", $"Text.\n\n```sh\n# a comment\n{line}\n```\n").Plus("infra/README.md", $"Type `{line}`.\n");
        var problems = CommandLines.Problems(tree).ToList();
        Assert.Equal(exists ? [] : CommandLines.Documents, CommandLines.Documents.Where(document => problems.Any(problem => problem.StartsWith(document, StringComparison.Ordinal))));
    }
}
