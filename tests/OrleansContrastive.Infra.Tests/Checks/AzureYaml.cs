using System.Text.RegularExpressions;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>azure.yaml by the rules of azd's schema, and by one more: the schema lets unknown keys pass, this does not.</summary>
internal static partial class AzureYaml
{
    private const string File = "azure.yaml";
    private static readonly string[] Hosts = ["containerapp", "appservice", "function", "staticwebapp", "springapp", "aks", "ai.endpoint"];
    private static readonly string[] Hooks =
        [.. from moment in new[] { "pre", "post" } from what in new[] { "provision", "infracreate", "infradelete", "package", "deploy", "publish", "up", "down", "restore", "build" } select moment + what];

    public static IEnumerable<string> Problems(Tree tree)
    {
        var yaml = tree.Yaml(File);
        foreach (var problem in yaml.Unknown("name", "resourceGroup", "metadata", "infra", "services", "resources", "pipeline", "hooks", "requiredVersions", "state", "platform", "workflows", "cloud")) yield return problem;
        if (yaml.Text("name") is not { Length: >= 2 and <= 50 } name || !Names().IsMatch(name)) yield return $"{File}: name is '{yaml.Text("name")}'; expected a-z, 0-9 and hyphens between them.";
        var infra = yaml.Section("infra");
        foreach (var problem in infra.Unknown("provider", "path", "module")) yield return problem;
        if (infra.Text("provider") is not (null or "bicep")) yield return $"{infra.Place}: provider is '{infra.Text("provider")}'; the templates are Bicep.";
        var main = $"{infra.Text("path") ?? "infra"}/{infra.Text("module") ?? "main"}.bicep";
        if (!tree.Exists(main)) yield return $"{infra.Place}: there is no {main}.";
        if (!yaml.Section("services").Keys.Any()) yield return $"{File} has no service.";
        foreach (var (service, value) in yaml.Maps("services"))
        {
            foreach (var problem in Service(tree, service, value)) yield return problem;
        }

        foreach (var (hook, value) in yaml.Maps("hooks"))
        {
            foreach (var problem in Hook(tree, hook, value)) yield return problem;
        }

        var versions = yaml.Section("requiredVersions");
        foreach (var problem in versions.Unknown("azd", "extensions")) yield return problem;
        if (versions.Text("azd") is { } version && !Versions().IsMatch(version)) yield return $"{versions.Place}: azd is '{version}'; expected such as \">= 1.24.0\".";
    }

    private static IEnumerable<string> Service(Tree tree, string service, Map value)
    {
        foreach (var problem in value.Unknown("host", "project", "image", "language", "module", "apiVersion", "resourceName", "resourceGroup", "dist", "docker", "uses", "env", "hooks", "config", "remoteBuild")) yield return problem;
        if (!Hosts.Contains(value.Text("host"))) yield return $"{value.Place}: host is '{value.Text("host")}'; expected one of {string.Join(", ", Hosts)}.";
        if (value.Has("project") == value.Has("image")) yield return $"{value.Place}: expected project or image, and not both.";
        foreach (var other in value.Texts("uses").Where(other => !tree.Yaml(File).Section("services").Has(other))) yield return $"{value.Place}: uses '{other}', which is no service.";
        if (value.Text("project") is { } project)
        {
            if (!tree.IsFolder(project)) yield return $"{value.Place}: there is no folder {project}.";
            var docker = value.Section("docker");
            foreach (var problem in docker.Unknown("path", "context", "platform", "target", "registry", "image", "tag", "buildArgs", "network", "remoteBuild")) yield return problem;
            var dockerfile = $"{project}/{docker.Text("path") ?? "./Dockerfile"}";
            if (!tree.Exists(dockerfile)) yield return $"{docker.Place}: there is no {dockerfile}.";
            var context = Path.GetFullPath($"/{project}/{docker.Text("context") ?? "."}");
            if (context != "/") yield return $"{docker.Place}: context is {context}; the Dockerfile copies from the repository's root.";
            if (docker.Text("platform") is not ("linux/amd64" or "amd64")) yield return $"{docker.Place}: platform is '{docker.Text("platform")}'; the image is published for linux-x64.";
        }

        // azd deploys a service by the template of its name, and finds it by the tag.
        foreach (var template in new[] { $"infra/{service}.bicep", $"infra/{service}.parameters.json" }.Where(template => !tree.Exists(template)))
            yield return $"{value.Place}: there is no {template} to deploy it by.";
        if (!tree.Templates.Any(path => Regex.IsMatch(tree.Read(path), $"'azd-service-name':\\s*'{Regex.Escape(service)}'")))
            yield return $"{value.Place}: no resource has the tag azd-service-name: {service}.";
    }

    private static IEnumerable<string> Hook(Tree tree, string hook, Map value)
    {
        if (!Hooks.Contains(hook)) yield return $"{value.Place}: azd has no hook '{hook}'.";
        foreach (var problem in value.Unknown("shell", "run", "continueOnError", "interactive", "windows", "posix", "secrets")) yield return problem;
        if (value.Text("shell") is not ("sh" or "pwsh")) yield return $"{value.Place}: shell is '{value.Text("shell")}'; expected sh or pwsh.";
        if (value.Text("run") is not { Length: > 0 } run) yield return $"{value.Place}: nothing is run.";
        else if (!tree.Exists(run)) yield return $"{value.Place}: there is no {run}.";
        else if (!tree.IsProgram(run)) yield return $"{value.Place}: {run} cannot be executed.";
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Names();

    [GeneratedRegex(@"^(>=|=|~|\^)? ?\d+\.\d+\.\d+$")]
    private static partial Regex Versions();
}
