using System.Text.RegularExpressions;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>infra/local/docker-compose.yml: keys that there are, services and volumes that it names, the silos of silos.json.</summary>
internal static partial class Composition
{
    public const string File = "infra/local/docker-compose.yml";

    private static readonly string[] Keys =
    [
        "image", "build", "command", "entrypoint", "environment", "ports", "volumes", "depends_on", "healthcheck", "read_only", "user", "cap_drop", "security_opt", "tmpfs", "stop_grace_period",
        "restart", "hostname", "profiles", "working_dir", "networks", "deploy",
    ];

    public static IEnumerable<string> Problems(Tree tree)
    {
        var yaml = tree.Yaml(File);
        foreach (var problem in yaml.Unknown("name", "services", "volumes", "networks")) yield return problem;
        var (services, volumes) = (yaml.Maps("services").ToList(), yaml.Section("volumes"));
        var built = services.Where(service => service.Value.IsMap("build")).Select(service => service.Value.Text("image")).ToHashSet();
        var published = new HashSet<string>();
        foreach (var (name, service) in services)
        {
            foreach (var problem in service.Unknown(Keys)) yield return problem;
            if (service.Text("image") is not { } image || (!built.Contains(image) && !Pinned().IsMatch(image))) yield return $"{File}: {name}: the image '{service.Text("image")}' has no tag of a whole version, and nothing here builds it.";
            if (service.IsMap("build"))
            {
                var build = service.Section("build");
                foreach (var problem in build.Unknown("context", "dockerfile", "args", "target")) yield return problem;
                var context = Path.GetFullPath($"/infra/local/{build.Text("context")}");
                if (context != "/") yield return $"{build.Place}: context is {context}, not the root.";
                var dockerfile = build.Text("dockerfile") ?? "Dockerfile";
                if (!tree.Exists(dockerfile)) yield return $"{build.Place}: there is no {dockerfile}.";
                else foreach (var argument in build.Section("args").Keys.Where(argument => Dockerfile.Read(tree, dockerfile).Of("ARG").All(known => known.Arguments.Split('=')[0] != argument))) yield return $"{build.Place}: the Dockerfile has no ARG {argument}.";
            }

            foreach (var (other, condition) in service.IsMap("depends_on") ? service.Maps("depends_on") : service.Texts("depends_on").Select(other => (other, Map.Empty(File))))
            {
                if (services.FirstOrDefault(found => found.Name == other) is not { Value: { } dependency }) yield return $"{File}: {name} depends on '{other}', which is no service.";
                else if (condition.Text("condition") == "service_healthy" && (!dependency.IsMap("healthcheck") || dependency.Section("healthcheck").Text("disable") == "true")) yield return $"{File}: {name} waits for {other} to be healthy, and {other} has no health check.";
            }

            foreach (var volume in service.Texts("volumes").Select(volume => volume.Split(':')[0]).Where(volume => !volume.StartsWith('.') && !volume.StartsWith('/') && !volumes.Has(volume))) yield return $"{File}: {name}: there is no volume {volume}.";
            foreach (var port in service.Texts("ports"))
            {
                if (!port.StartsWith("127.0.0.1:", StringComparison.Ordinal)) yield return $"{File}: {name}: port {port} is open to others than this machine.";
                if (!published.Add(port.Split(':')[^2])) yield return $"{File}: {name}: port {port} is taken twice.";
            }

            if (built.Contains(service.Text("image")))
            {
                if (service.Text("read_only") != "true") yield return $"{File}: {name}: the root is not read-only.";
                if (service.Text("user") is null or "root" or "0") yield return $"{File}: {name} runs as root.";
            }

            if (service.IsMap("environment") && service.Section("environment").Has("Worker__Roles")
                && Grace().Match(service.Text("stop_grace_period") ?? "10s") is var grace && (!grace.Success || int.Parse(grace.Groups[1].Value, null) <= Variables.ShutdownTimeout(service.Section("environment").Keys.ToDictionary(key => key, service.Section("environment").Text)).TotalSeconds))
                yield return $"{File}: {name}: stop_grace_period is {service.Text("stop_grace_period")}; the host needs longer to stop.";
        }

        foreach (var idle in volumes.Keys.Where(volume => services.All(service => service.Value.Texts("volumes").All(used => used.Split(':')[0] != volume)))) yield return $"{File}: nothing uses the volume {idle}.";

        // The same silos as in the cloud.
        using var silos = System.Text.Json.JsonDocument.Parse(tree.Read(Topology.File));
        foreach (var silo in silos.RootElement.EnumerateArray())
        {
            var name = silo.GetProperty("name").GetString()!;
            var roles = services.FirstOrDefault(service => service.Name == name).Value?.Section("environment").Text("Worker__Roles");
            if (roles != silo.GetProperty("roles").GetString()) yield return $"{File}: silo {name} has the roles '{roles}'; {Topology.File} says '{silo.GetProperty("roles").GetString()}'.";
        }
    }

    [GeneratedRegex(@":\d+\.\d+\.\d+[-\w.]*(@sha256:[0-9a-f]{64})?$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"^(\d+)s$")]
    private static partial Regex Grace();
}
