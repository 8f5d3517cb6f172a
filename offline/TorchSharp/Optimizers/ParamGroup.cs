namespace TorchSharp.Modules;

/// <summary>Parameters that share a learning rate.</summary>
public class ParamGroup(IEnumerable<Parameter> parameters, double learningRate) : torch.optim.ILearningRateController
{
    public IEnumerable<Parameter> Parameters { get; } = parameters.ToArray();

    public double LearningRate { get; set; } = learningRate;

    public double InitialLearningRate { get; set; } = learningRate;
}
