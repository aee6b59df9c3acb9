// Drive @ai-sdk/bytedance, through `generateVideo` of the AI SDK, through every step that it offers.
//
//     node ai_sdk.mjs BASE_URL [options as in steps.py]
//     node ai_sdk.mjs http://127.0.0.1:8901/byteplus/api/v3

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { createByteDance } from "@ai-sdk/bytedance";
import { experimental_generateVideo as generateVideo, APICallError } from "ai";

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    patience: { type: "string", default: "60" },
    pause: { type: "string", default: "0.02" },
    "at-once": { type: "string", default: "1" },
    "refused-later": { type: "boolean", default: false },
    without: { type: "string", multiple: true, default: [] },
  },
});
const [baseURL] = positionals;
const KEYS = JSON.parse(process.env.JUDGE_KEYS ?? "{}");
const MODEL = "dreamina-seedance-2-0-260128";
const DRAFTING_MODEL = "dreamina-seedance-2-5-260628";
const FLEX_MODEL = "seedance-1-0-pro-250528";
const PICTURE = "https://images.example.com/cat.png";
const PNG = // a black picture of 400 by 400 pixels
  "iVBORw0KGgoAAAANSUhEUgAAAZAAAAGQAQAAAACoxAthAAAAKklEQVR42u3BMQEAAADCoPVP7W8GoAAAAAAAAAAAAAAA" +
  "AAAAAAAAAACAN0+wAAGUQRhcAAAAAElFTkSuQmCC";
const UNTIL_ASKED = "sim:queue=0 sim:run=0"; // over as soon as it is asked for

const byteDance = providerOf("sim-judge");

// Return the provider with a key, which is named as the simulator's.
function providerOf(name) {
  return createByteDance({ apiKey: KEYS[name] ?? name, baseURL });
}

// The SDK's own download refuses addresses of this machine, where the simulator is.
async function download({ url }) {
  const answer = await fetch(url);
  const mediaType = answer.headers.get("content-type");
  return { data: new Uint8Array(await answer.arrayBuffer()), mediaType };
}

function generate(prompt, { model = MODEL, bytedance = {}, provider = byteDance, ...more } = {}) {
  const polling = { pollIntervalMs: given.pause * 1000, pollTimeoutMs: given.patience * 1000 };
  const providerOptions = { bytedance: { ...polling, ...bytedance } };
  return generateVideo({ model: provider.video(model), prompt, download, maxRetries: 0, providerOptions, ...more });
}

// Return the task behind a video, as the API tells it.
async function task({ providerMetadata }) {
  const address = `${baseURL}/contents/generations/tasks/${providerMetadata.bytedance.taskId}`;
  return (await fetch(address, { headers: { Authorization: `Bearer ${KEYS["sim-judge"] ?? "sim-judge"}` } })).json();
}

function isVideo({ uint8Array, mediaType }) {
  return mediaType === "video/mp4" && Buffer.from(uint8Array.slice(4, 8)).toString() === "ftyp";
}

function isRefusal(statusCode, words) {
  return (error) => APICallError.isInstance(error) && error.statusCode === statusCode && error.responseBody.includes(words);
}

const steps = {
  async text_to_video() {
    const made = await generate("A cat and a ball of yarn sim:queue=10 sim:run=20", {
      aspectRatio: "9:16",
      duration: 6,
      resolution: "1280x720",
      generateAudio: false,
      bytedance: { watermark: false, returnLastFrame: true, serviceTier: "default" },
    });
    assert.ok(isVideo(made.video));
    assert.deepEqual(made.warnings, []);
    const { ratio, duration, resolution, generate_audio, content, usage } = await task(made);
    assert.deepEqual([ratio, duration, resolution, generate_audio], ["9:16", 6, "720p", false]);
    assert.ok(content.last_frame_url);
    assert.equal(made.providerMetadata.bytedance.usage.completion_tokens, usage.completion_tokens);
  },

  async image_to_video() {
    const image = new Uint8Array(Buffer.from(PNG, "base64"));
    for (const first of [PICTURE, image]) {
      const made = await generate({ image: first, text: `It blinks ${UNTIL_ASKED}` }, { duration: 5 });
      assert.ok(isVideo(made.video));
    }
  },

  async first_and_last_frame() {
    const prompt = { image: PICTURE, text: `Once around ${UNTIL_ASKED}` };
    assert.ok(isVideo((await generate(prompt, { bytedance: { lastFrameImage: PICTURE } })).video));
    const frameImages = ["first_frame", "last_frame"].map((frameType) => ({ image: PICTURE, frameType }));
    assert.ok(isVideo((await generate(`Once around ${UNTIL_ASKED}`, { frameImages })).video));
  },

  async references() {
    const bytedance = {
      referenceImages: [PICTURE, PICTURE],
      referenceVideos: ["https://media.example.com/take.mp4"],
      referenceAudio: ["https://media.example.com/rain.mp3"],
    };
    assert.ok(isVideo((await generate(`The same street ${UNTIL_ASKED}`, { bytedance })).video));
  },

  async a_draft() {
    const made = await generate(`A rooftop ${UNTIL_ASKED}`, { model: DRAFTING_MODEL, bytedance: { draft: true } });
    assert.equal((await task(made)).draft, true);
  },

  async a_seed_the_flex_tier_and_a_fixed_camera() {
    const bytedance = { serviceTier: "flex", cameraFixed: true };
    const prompt = `A pianist ${UNTIL_ASKED}`;
    const { seed, service_tier } = await task(await generate(prompt, { model: FLEX_MODEL, seed: 7, bytedance }));
    assert.deepEqual([seed, service_tier], [7, "flex"]);
  },

  async fields_that_it_does_not_know() {
    const made = await generate(`A boat ${UNTIL_ASKED}`, { bytedance: { priority: 4 } });
    assert.equal((await task(made)).priority, 4);
  },

  async several_videos() {
    const made = await generate(`A boat ${UNTIL_ASKED}`, { n: 2 });
    assert.equal(made.videos.filter(isVideo).length, 2);
  },

  async a_failed_task() {
    const name = "BYTEDANCE_VIDEO_GENERATION_FAILED";
    await assert.rejects(generate(`${UNTIL_ASKED} sim:fail`), { name });
  },

  async a_task_that_takes_too_long() {
    const name = "BYTEDANCE_VIDEO_GENERATION_TIMEOUT";
    await assert.rejects(generate("sim:stuck", { bytedance: { pollTimeoutMs: 50 } }), { name });
  },

  async a_task_without_a_video() {
    const message = "No video URL in response";
    await assert.rejects(generate(`${UNTIL_ASKED} sim:novideo`), { message });
  },

  async a_task_given_up() {
    const abort = AbortSignal.timeout(50);
    await assert.rejects(generate("sim:stuck", { abortSignal: abort }), () => abort.aborted);
  },

  async a_wrong_key() {
    const provider = providerOf("ark-wrong");
    await assert.rejects(generate("A boat", { provider }), isRefusal(401, "AuthenticationError"));
  },

  async an_unknown_model() {
    await assert.rejects(generate("A boat", { model: "seedance-9" }), isRefusal(404, "seedance-9"));
  },

  async a_bad_parameter() {
    await assert.rejects(generate("A boat", { duration: 99 }), isRefusal(400, "duration"));
    await assert.rejects(generate("A boat", { resolution: "8k" }), isRefusal(400, "resolution"));
    await assert.rejects(generate("A boat", { bytedance: { fps: 60 } }), isRefusal(400, "fps"));
  },

  async a_sensitive_prompt() {
    const code = "InputTextSensitiveContentDetected";
    const failed = { name: "BYTEDANCE_VIDEO_GENERATION_FAILED" };
    const refused = given["refused-later"] ? failed : isRefusal(400, code);
    await assert.rejects(generate(`sim:refuse=${code}`), refused);
  },

  async an_overload() {
    const provider = providerOf("sim-fault-503-on-create-50pct");
    await generate(UNTIL_ASKED, { provider });
    await generate(UNTIL_ASKED, { provider, maxRetries: 2 }); // refused once, and sent again
  },
};

// Run the steps that are not left out, so many at once; return what went wrong in each.
async function report() {
  const left = Object.keys(steps).filter((name) => !given.without.includes(name));
  assert.equal(left.length + given.without.length, Object.keys(steps).length, "--without names a step");
  const found = Object.fromEntries(left.map((name) => [name, "It was not begun."]));
  const work = async () => {
    for (let name = left.shift(); name; name = left.shift()) {
      found[name] = await steps[name]().then(() => "", (error) => `${error.stack}`);
    }
  };
  await Promise.all(Array.from({ length: given["at-once"] }, work));
  return found;
}

console.log(JSON.stringify(await report()));
