// Runs an ONNX model in onnxruntime.
//
//     onnx_features.cjs ONNXRUNTIME MODEL VIEWS OUT N C H W
//
// ONNXRUNTIME is the folder of tests/onnxruntime.sh, VIEWS the float32 numbers of [N, C, H, W], OUT gets those of all outputs, one after
// the other; each output's name and shape is a line on standard output.
const fs = require("fs");
const [folder, model, views, out, ...sizes] = process.argv.slice(2);
const ort = require(`${folder}/node_modules/onnxruntime-node`);

async function main() {
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    const bytes = fs.readFileSync(views);
    const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const results = await session.run({ pixels: new ort.Tensor("float32", numbers, sizes.map(Number)) });
    fs.writeFileSync(out, "");
    for (const name of session.outputNames) {
        const { data, dims } = results[name];
        fs.appendFileSync(out, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
        console.log(`${name} ${dims.join(" ")}`);
    }
}

main().catch(error => { console.error(error); process.exit(1); });
