using System.Diagnostics.Metrics;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>The clocks and counters of runs, for OpenTelemetry and <c>dotnet-counters</c>. Safe for all threads.</summary>
public static class RunInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "OrleansContrastive";

    private static readonly Meter _meter = new(MeterName);
    private static readonly Histogram<long> _gradientStaleness = Ages("oc.gradient.staleness", "Updates between a gradient's weights and those it was applied to.");
    private static readonly Histogram<long> _keyLag = Ages("oc.key.lag", "Versions between the key encoder used and the newest.");
    private static readonly Histogram<long> _keyAge = Ages("oc.key.age", "Versions since a contrasted queue row was encoded.");
    private static readonly Histogram<long> _bankAge = Ages("oc.bank.age", "Versions since a contrasted bank row was renewed.");
    private static readonly Counter<long> _samples = _meter.CreateCounter<long>("oc.samples", "{sample}", "Samples applied.");
    private static readonly Counter<long> _bytes = _meter.CreateCounter<long>("oc.bytes", "By", "Payload between grains, by edge.");
    private static readonly Counter<long> _residuals = _meter.CreateCounter<long>("oc.residuals.lost", "{residual}", "Error-feedback residuals lost.");

    internal static void GradientStaleness(long age) => _gradientStaleness.Record(age);

    internal static void KeyLag(long age) => _keyLag.Record(age);

    internal static void KeyAge(long age) => _keyAge.Record(age);

    internal static void BankAge(long age) => _bankAge.Record(age);

    internal static void Samples(long count) => _samples.Add(count);

    internal static void ResidualsLost(long count) => _residuals.Add(count);

    internal static void Bytes(Traffic traffic)
    {
        Add("views", traffic.Views);
        Add("keys", traffic.Keys);
        Add("gradients", traffic.Gradients);
        Add("rows", traffic.Rows);
        Add("parameters", traffic.Parameters);
        Add("contrast", traffic.Contrast);

        static void Add(string edge, long bytes) => _bytes.Add(bytes, new KeyValuePair<string, object?>("edge", edge));
    }

    private static Histogram<long> Ages(string name, string description) => _meter.CreateHistogram<long>(name, "{version}", description);
}
