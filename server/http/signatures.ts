/**
 * The media types of one kind of file content. The first is the usual one. The others have the same first bytes, or are
 * other names of it.
 */
type Types = readonly [usual: string, ...others: string[]];

interface Signature {
  /** The bytes in hexadecimal; `..` stands for any byte. */
  readonly bytes: string;
  readonly types: Types;
  /** Looks at more than the bytes, where these alone say too little. */
  readonly holds?: (head: Uint8Array) => boolean;
}

const MPEG_4: Types = [
  "video/mp4",
  "audio/mp4",
  "audio/x-m4a",
  "audio/m4a",
  "video/x-m4v",
  "video/3gpp",
  "video/3gpp2",
  "audio/3gpp",
  "audio/3gpp2",
];
const MP3: Types = ["audio/mpeg", "audio/mp3", "audio/mpeg3", "audio/x-mpeg-3"];

/** The major brands of ISO base media files (`ftyp` boxes) that are not MPEG-4. */
const BRANDS: Readonly<Record<string, Types>> = {
  "avif": ["image/avif"],
  "avis": ["image/avif"],
  "heic": ["image/heic", "image/heif"],
  "heix": ["image/heic", "image/heif"],
  "hevc": ["image/heic", "image/heif"],
  "heim": ["image/heic", "image/heif"],
  "heis": ["image/heic", "image/heif"],
  "mif1": ["image/heif", "image/heic", "image/avif"],
  "msf1": ["image/heif", "image/heic", "image/avif"],
  "qt  ": ["video/quicktime"],
};

/**
 * The first bytes of every type that a browser shows or plays, of text apart. The formats' own standards give them, and
 * MIME Sniffing (section 6) has those that browsers look for.
 */
const SIGNATURES: readonly Signature[] = [
  { bytes: "89 50 4E 47 0D 0A 1A 0A", types: ["image/png", "image/apng"] },
  { bytes: "FF D8 FF", types: ["image/jpeg", "image/jpg", "image/pjpeg"] },
  { bytes: "47 49 46 38 37 61", types: ["image/gif"] },
  { bytes: "47 49 46 38 39 61", types: ["image/gif"] },
  { bytes: "52 49 46 46 .. .. .. .. 57 45 42 50 56 50", types: ["image/webp"] },
  // The four bytes that no program sets tell a bitmap from text that begins with BM.
  { bytes: "42 4D .. .. .. .. 00 00 00 00", types: ["image/bmp", "image/x-ms-bmp"] },
  { bytes: "49 49 2A 00", types: ["image/tiff"] },
  { bytes: "4D 4D 00 2A", types: ["image/tiff"] },
  { bytes: "FF 0A", types: ["image/jxl"] },
  { bytes: "00 00 00 0C 4A 58 4C 20 0D 0A 87 0A", types: ["image/jxl"] },
  { bytes: "25 50 44 46 2D", types: ["application/pdf"] },
  { bytes: "1A 45 DF A3", types: ["video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"] },
  { bytes: "4F 67 67 53 00", types: ["audio/ogg", "video/ogg", "audio/opus", "audio/vorbis"] },
  { bytes: "66 4C 61 43", types: ["audio/flac", "audio/x-flac"] },
  { bytes: "52 49 46 46 .. .. .. .. 57 41 56 45", types: ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"] },
  { bytes: "52 49 46 46 .. .. .. .. 41 56 49 20", types: ["video/x-msvideo", "video/avi", "video/msvideo"] },
  { bytes: "46 4F 52 4D .. .. .. .. 41 49 46 46", types: ["audio/aiff", "audio/x-aiff"] },
  { bytes: "46 4F 52 4D .. .. .. .. 41 49 46 43", types: ["audio/aiff", "audio/x-aiff"] },
  { bytes: "49 44 33", types: MP3 },
  { bytes: "FF", types: MP3, holds: isMp3Frame },
  { bytes: "FF", types: ["audio/aac", "audio/aacp", "audio/x-aac"], holds: isAdtsFrame },
  { bytes: "4D 54 68 64 00 00 00 06", types: ["audio/midi", "audio/mid", "audio/x-midi"] },
  { bytes: "23 21 41 4D 52", types: ["audio/amr", "audio/amr-wb"] },
  { bytes: "2E 73 6E 64 00 00 00", types: ["audio/basic"] },
  { bytes: "30 26 B2 75 8E 66 CF 11", types: ["video/x-ms-wmv", "audio/x-ms-wma", "video/x-ms-asf"] },
  { bytes: "46 4C 56 01", types: ["video/x-flv"] },
  { bytes: "00 00 01 BA", types: ["video/mpeg"] },
  { bytes: "00 00 01 B3", types: ["video/mpeg"] },
  { bytes: "47", types: ["video/mp2t"], holds: (head) => head[PACKET] === 0x47 && head[2 * PACKET] === 0x47 },
];

/** The length of a packet of an MPEG transport stream, each of which begins with the same byte. */
const PACKET = 188;

const PARSED = SIGNATURES.map(({ bytes, ...rest }) => ({
  ...rest,
  bytes: bytes.split(" ").map((byte) => byte === ".." ? undefined : parseInt(byte, 16)),
}));

/** The types that the first bytes of a file tell; none for text, and for every format that no browser shows. */
export function typesByFirstBytes(head: Uint8Array): readonly string[] {
  const brand = brandOf(head);
  if (brand !== undefined) return BRANDS[brand] ?? MPEG_4;
  const found = PARSED.find(({ bytes, holds }) =>
    head.length >= bytes.length && bytes.every((byte, at) => byte === undefined || byte === head[at]) &&
    (holds?.(head) ?? true)
  );
  return found?.types ?? [];
}

/** The major brand of an ISO base media file (ISO 14496-12, section 4.3); `undefined` for any other file. */
function brandOf(head: Uint8Array): string | undefined {
  if (head.length < 12) return undefined;
  const text = String.fromCharCode(...head.subarray(4, 12));
  return text.startsWith("ftyp") ? text.slice(4) : undefined;
}

/** True for the header of a frame of MPEG audio, layer III (ISO 11172-3, section 2.4.1.3). */
function isMp3Frame([, second = 0, third = 0]: Uint8Array): boolean {
  const [version, layer] = [second >> 3 & 3, second >> 1 & 3];
  const [bitRate, sampleRate] = [third >> 4, third >> 2 & 3];
  return second >= 0xe0 && version !== 1 && layer === 1 && bitRate !== 0 && bitRate !== 15 && sampleRate !== 3;
}

/** True for the header of a frame of AAC in ADTS (ISO 13818-7, section 6.2). */
function isAdtsFrame([, second = 0, third = 0xff]: Uint8Array): boolean {
  return (second & 0xf6) === 0xf0 && (third >> 2 & 15) < 13;
}
