import type { Breakage, ByHand, GlossaryEntry, Lesson, Question, Reading } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const question: Question = {
  ask: {
    en: 'The engine pulls a public image, which everybody may have. What does a registry such as Docker Hub answer to the first request for the manifest?',
    zh: '引擎拉取一个公开的、人人可得的镜像。对第一个获取 manifest 的请求，像 Docker Hub 这样的镜像仓库返回什么？',
  },
  right: {
    text: {
      en: '401 Unauthorized, and the address of a token server',
      zh: '401 Unauthorized，外加一个 token 服务器的地址',
    },
    because: {
      en: 'Who may read what is decided by the token server (the **realm**), not by the registry. It gives a token to anybody for a public repository, and the registry only looks whether there is one. So a pull without any login begins with a refusal. (The line before it: a try with TLS, which this registry does not speak. Only a registry on this machine is then asked without.)',
      zh: '谁可以读什么，由 token 服务器（**realm**）决定，而不是仓库自己。对公开的仓库，它给任何人都发 token，镜像仓库只看有没有 token。所以，即使完全不登录，拉取也是从一次拒绝开始的。（它前面那一行是尝试 TLS，这个仓库不支持。只有本机上的仓库，才会接着不用 TLS 再问。）',
    },
  },
  wrong: [
    {
      text: { en: '200 and the manifest: it is public', zh: '200 和 manifest：反正是公开的' },
      because: {
        en: 'A registry without a token server does so; the one that `minidock registry serve` starts is one. A large registry wants to count who pulls how much, and the token carries that too.',
        zh: '没有 token 服务器的仓库就是这样，`minidock registry serve` 启动的便是。大型仓库要统计谁拉取了多少，这也靠 token。',
      },
    },
    {
      text: { en: '302, to a server nearby', zh: '302，转到附近的服务器' },
      because: {
        en: 'That comes later, and for blobs only: manifests are small and come from the registry itself.',
        zh: '那是后来的事，而且只针对 blob：manifest 很小，由仓库自己发送。',
      },
    },
    {
      text: { en: '200 and the layers of the image, one after the other', zh: '200，然后把镜像的层一个接一个发来' },
      because: {
        en: 'A registry does not know what an engine has already. The engine asks for each blob by itself, and only for those that it lacks.',
        zh: '仓库不知道引擎已经有了什么。引擎逐个索取 blob，而且只要自己缺的。',
      },
    },
  ],
};

export const byHand: ByHand = {
  caption: {
    en: 'A pull with `curl` and `jq`. `-L` follows the redirect and leaves the token behind at another host; `-C -` continues what was cut off:',
    zh: '用 `curl` 和 `jq` 完成一次拉取。`-L` 跟随重定向，到了别的主机就不再带上 token；`-C -` 从断开处继续：',
  },
  language: 'sh',
  lines: `curl -i https://$REGISTRY/v2/$NAME/manifests/latest    # 401, WWW-Authenticate: Bearer realm=…
TOKEN=$(curl -s "$REALM?service=$SERVICE&scope=repository:$NAME:pull" | jq -r .token)
get() { curl -fsSL -H "Authorization: Bearer $TOKEN" -H "Accept: $TYPES" "$@"; }
get https://$REGISTRY/v2/$NAME/manifests/latest       # an index
get https://$REGISTRY/v2/$NAME/manifests/$DIGEST      # the manifest for this machine
get https://$REGISTRY/v2/$NAME/blobs/$CONFIG
get -C - -o layer https://$REGISTRY/v2/$NAME/blobs/$LAYER
sha256sum layer                                       # is it $LAYER?`,
};

export const columns = {
  pull: [
    { en: 'in the registry', zh: '在仓库里' },
    { en: 'in the engine', zh: '在引擎里' },
  ],
  hosts: [
    { en: 'at the registry', zh: '在仓库' },
    { en: 'at the storage', zh: '在存储服务器' },
  ],
  resume: [
    { en: 'the engine', zh: '引擎' },
    { en: 'the storage', zh: '存储服务器' },
  ],
  pause: [
    { en: 'asked for', zh: '要求' },
    { en: 'waited', zh: '实际等待' },
  ],
  names: [
    { en: 'before', zh: '之前' },
    { en: 'now', zh: '现在' },
  ],
} as const;

type Told = Pick<Lesson['experiments'][number], 'title' | 'before' | 'after' | 'question'>;

export const redirect: Told = {
  title: { en: 'Where the token goes', zh: 'token 去了哪里' },
  before: {
    en: 'Blobs lie elsewhere: the registry answers 307 with the address of a storage, which is another host and belongs to somebody else. The same pull again, and a look at what each side got to see.',
    zh: 'blob 放在别处：仓库返回 307，给出存储服务器的地址，那是另一台主机，归别人所有。再拉取一次，看看两边各看到了什么。',
  },
  question: {
    ask: {
      en: 'The engine has sent `Authorization: Bearer …` to the registry. What does it send to the storage?',
      zh: '引擎向仓库发送了 `Authorization: Bearer …`。它向存储服务器发送什么？',
    },
    right: {
      text: { en: 'the request without Authorization', zh: '不带 Authorization 的请求' },
      because: {
        en: 'The token is for the host that was asked. Whoever can make a registry redirect to a server of his own would otherwise collect tokens, or passwords. What the storage needs to know stands in the address itself, as a signature that ends soon.',
        zh: 'token 是给最初那台主机的。否则，谁能让仓库重定向到自己的服务器，谁就能收集 token，甚至密码。存储服务器需要的凭据写在地址里：一个很快过期的签名。',
      },
    },
    wrong: [
      {
        text: { en: 'the same request', zh: '同样的请求' },
        because: {
          en: 'So did engines once: containerd sent a user’s password to any host that a manifest named (CVE-2020-15157).',
          zh: '有的引擎曾经如此：containerd 会把用户的密码发给 manifest 里写的任何主机（CVE-2020-15157）。',
        },
      },
      {
        text: { en: 'a token that it has asked of the storage', zh: '向存储服务器另要的 token' },
        because: {
          en: 'The storage knows nothing of registries. It serves files.',
          zh: '存储服务器根本不知道什么是镜像仓库，它只提供文件。',
        },
      },
    ],
  },
  after: {
    en: 'And the digest makes it harmless that the storage is somebody else’s: what it sends is the blob or is refused.',
    zh: '有了摘要，存储服务器归谁都无妨：它发来的要么就是那个 blob，要么被拒绝。',
  },
};

export const resume: Told = {
  title: { en: 'A connection that breaks', zh: '连接中断' },
  before: {
    en: 'The second layer has a quarter of a megabyte. After half of that the storage ends the connection.',
    zh: '第二层有 256 KB。传到一半，存储服务器断开了连接。',
  },
  question: {
    ask: { en: 'What does the engine ask for next?', zh: '引擎接下来要什么？' },
    right: {
      text: { en: 'the rest: `Range: bytes=131072-`', zh: '剩下的部分：`Range: bytes=131072-`' },
      because: {
        en: 'A blob never changes under its name, so a second half always fits a first half, even one of yesterday or from another mirror. The engine has hashed what came and goes on with the same hash.',
        zh: '名字不变，blob 就不会变，所以后一半总能接上前一半，哪怕前一半是昨天的，或者来自别的镜像站。收到的部分已经算进了摘要，引擎接着算下去。',
      },
    },
    wrong: [
      {
        text: { en: 'the whole blob again', zh: '整个 blob 从头再来' },
        because: {
          en: 'It must where a server answers a Range request with 200: that means “all of it from the start”, and what was there is thrown away.',
          zh: '如果服务器对 Range 请求返回 200，就只能这样：200 的意思是“从头给你全部”，已有的部分要扔掉。',
        },
      },
      {
        text: { en: 'nothing: the pull fails', zh: '什么也不要：拉取失败' },
        because: {
          en: 'After five attempts it does. Layers of gigabytes would hardly ever arrive if one broken connection ended a pull.',
          zh: '试过五次才会失败。如果断一次连接就算失败，几个 GB 的层就很难传完了。',
        },
      },
    ],
  },
  after: {
    en: '206 says that it is a part, and `Content-Range` which: both are compared with what was asked for. Then the digest is compared, and only then gets the file its name.',
    zh: '206 表示这是一部分，`Content-Range` 说明是哪一部分：两者都要与所要求的核对。然后核对摘要，通过之后，文件才得到自己的名字。',
  },
};

export const tampered: Told = {
  title: { en: 'A tampered blob', zh: '被篡改的 blob' },
  before: {
    en: 'The storage changes one bit in the middle of a layer. The length is right, TLS would be in order: it is the storage itself that lies.',
    zh: '存储服务器改动了一层中间的一个比特。长度不变，TLS 也不会有问题：说谎的就是存储服务器自己。',
  },
  question: {
    ask: { en: 'What is left in the engine’s store?', zh: '引擎的存储里会留下什么？' },
    right: {
      text: { en: 'nothing: no image, no blob, no layer', zh: '什么也没有：没有镜像，没有 blob，没有层' },
      because: {
        en: 'The digest was computed while the bytes came, in a file without a name of its own. It is another one: the file is removed, and so are the blobs that came with it. The image would have been entered last, when all of it is there.',
        zh: '字节到达的同时就在计算摘要，内容先写在没有正式名字的文件里。结果不对：这个文件连同一起下载的 blob 都被删除。镜像本来就要等全部到齐，最后才登记。',
      },
    },
    wrong: [
      {
        text: { en: 'the image, with a layer that is marked as broken', zh: '镜像，其中一层标记为损坏' },
        because: {
          en: 'There is no such mark. What is in the store is right, and so `run` does not have to check it again.',
          zh: '没有这种标记。存储里的东西都是对的，所以 `run` 不必再检查。',
        },
      },
      {
        text: { en: 'the manifest, so that the next pull is faster', zh: 'manifest，好让下次拉取快一点' },
        because: {
          en: 'Manifest and config are written after the layers: they name what must be there.',
          zh: 'manifest 和 config 在各层之后才写入：它们列出的东西必须已经存在。',
        },
      },
    ],
  },
  after: {
    en: 'It is not tried again: who has changed one byte has not lost it. TLS protects the way to a server; the digest protects from the server.',
    zh: '这种情况不会重试：改了一个字节，不等于丢了一个字节。TLS 保护通往服务器的路，摘要则防备服务器本身。',
  },
};

export const lied: Told = {
  title: { en: 'A manifest that is not what its digest says', zh: '名不副实的 manifest' },
  before: {
    en: 'Somebody has taken over the registry. It sends a forged manifest, valid in itself, in place of every other, and says in `Docker-Content-Digest` what the engine expects. The image is pulled by digest: `hello@sha256:…`.',
    zh: '有人控制了镜像仓库。无论要哪份 manifest，它都发送一份伪造的（本身格式正确），还在 `Docker-Content-Digest` 里写上引擎期望的摘要。现在按摘要拉取：`hello@sha256:…`。',
  },
  question: {
    ask: { en: 'Does the engine notice?', zh: '引擎会发现吗？' },
    right: {
      text: { en: 'yes: it computes the digest itself', zh: '会：它自己计算摘要' },
      because: {
        en: 'The header is a word of the sender. What was asked for is a digest, and it is compared with the sha256 of the bytes that came.',
        zh: '那个头部只是发送者的一面之词。请求的是一个摘要，要与收到的字节的 sha256 相比。',
      },
    },
    wrong: [
      {
        text: { en: 'no: the header says the right digest', zh: '不会：头部写的摘要是对的' },
        because: {
          en: 'Whoever can change the body can change the header.',
          zh: '能改正文的人，就能改头部。',
        },
      },
      {
        text: { en: 'later, when the layers do not fit', zh: '以后会发现：层对不上' },
        because: {
          en: 'They would fit: the forged manifest names layers that the registry has, with their true digests.',
          zh: '层是对得上的：伪造的 manifest 列出的层，仓库里都有，摘要也都真实。',
        },
      },
    ],
  },
  after: {
    en: 'So one digest of 64 digits, got from somebody whom one trusts, is enough to take all the rest from anybody.',
    zh: '所以，只要从可信的人那里得到 64 位摘要，其余的一切从谁那里拿都可以。',
  },
};

export const limit: Told = {
  title: { en: 'Famous failure: too many requests', zh: '著名的坑：请求太多' },
  before: {
    en: 'A registry counts pulls by token or by address, and an office has one address. This one answers 429 twice, with `Retry-After: 1`.',
    zh: '仓库按 token 或地址统计拉取次数，而整个办公室只有一个地址。这个仓库返回了两次 429，带着 `Retry-After: 1`。',
  },
  question: {
    ask: { en: 'What does the engine do?', zh: '引擎怎么做？' },
    right: {
      text: { en: 'it waits a second each time, and asks again', zh: '每次等一秒，再问一遍' },
      because: {
        en: '429 is no refusal for ever: the answer says when to come back, and the pause is the registry’s to choose. Asking at once would be counted too.',
        zh: '429 不是永远拒绝：响应里说了什么时候再来，间隔由仓库决定。立刻再问，同样会计数。',
      },
    },
    wrong: [
      {
        text: { en: 'it asks again at once, up to five times', zh: '立刻再问，最多五次' },
        because: {
          en: 'That makes a busy server busier. Pauses of its own, which grow, are for failures that say nothing about time.',
          zh: '那只会让繁忙的服务器更忙。逐渐加长的间隔，是用在没有说明时间的故障上的。',
        },
      },
      {
        text: { en: 'it fails: the limit is the limit', zh: '失败：限额就是限额' },
        because: {
          en: 'It does so where it would have to wait more than twenty seconds, or where no time is named.',
          zh: '要等二十秒以上，或者没有说明时间，它才会失败。',
        },
      },
    ],
  },
  after: {
    en: 'A mirror in the office asks once for everybody: `"registry-mirrors"` in daemon.json. Who logs in is counted by himself.',
    zh: '办公室里设一个镜像站，替大家只问一次：daemon.json 里的 `"registry-mirrors"`。登录之后则按用户单独统计。',
  },
};

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const accept: Broken = {
  title: { en: 'Break it: an Accept header that names too little', zh: '换一个：Accept 头写得太少' },
  change: {
    en: 'The engine’s client asks for the manifest and accepts only `application/vnd.docker.distribution.manifest.v2+json`, the one type that everybody knew in 2016.',
    zh: '引擎的客户端索取 manifest 时，只接受 `application/vnd.docker.distribution.manifest.v2+json`，也就是 2016 年人人都认识的那一种。',
  },
  question: {
    ask: {
      en: 'The registry has an OCI index under this tag. What does it answer?',
      zh: '这个标签下是一个 OCI index。仓库返回什么？',
    },
    right: {
      text: { en: '404: manifest unknown', zh: '404：manifest unknown' },
      because: {
        en: 'A client that does not know indexes would misread one. There is no manifest of the type that it accepts, and so for it there is none: an image that is there “does not exist”.',
        zh: '不认识 index 的客户端会读错它。它能接受的类型里没有这份 manifest，对它来说就是不存在：镜像明明在，却“找不到”。',
      },
    },
    wrong: [
      {
        text: { en: '200 and the index anyway', zh: '200，照样发送 index' },
        because: {
          en: 'Some registries do, and clients that do not look at the Content-Type then fail in the middle of it. The engine’s own asks for all four types.',
          zh: '有的仓库会这样，于是不看 Content-Type 的客户端读到一半就出错。引擎自己会写上全部四种类型。',
        },
      },
      {
        text: { en: '406 Not Acceptable', zh: '406 Not Acceptable' },
        because: {
          en: 'The code of HTTP for that; the distribution spec knows only MANIFEST_UNKNOWN.',
          zh: 'HTTP 里确有这个状态码，但分发规范只用 MANIFEST_UNKNOWN。',
        },
      },
    ],
  },
};

export const byTag: Broken = {
  title: { en: 'Break it: by tag in place of by digest', zh: '换一个：不按摘要，而按标签' },
  change: {
    en: 'The same registry in the hands of an attacker, and the same forged manifest; but the image is pulled as `hello:latest`.',
    zh: '仓库仍在攻击者手里，伪造的 manifest 也还是那一份；但这次按 `hello:latest` 拉取。',
  },
  question: {
    ask: { en: 'What happens?', zh: '会怎样？' },
    right: {
      text: { en: 'the forged image is pulled, without a word', zh: '拉取到伪造的镜像，没有任何提示' },
      because: {
        en: 'A tag is a name that its owner may move, and whoever owns the registry owns its tags. There is no digest that one could compare with: all checks below are of the forged image, and it is whole.',
        zh: '标签是主人可以随意改指的名字，而控制了仓库就控制了标签。没有可供比较的摘要：往下的所有检查都是针对伪造镜像的，而它完好无损。',
      },
    },
    wrong: [
      {
        text: { en: 'digest mismatch, as before', zh: '和刚才一样：摘要不匹配' },
        because: {
          en: 'Mismatch with what? Nobody has said which digest `latest` has today.',
          zh: '和什么不匹配？没有人说过 `latest` 今天的摘要是什么。',
        },
      },
      {
        text: { en: 'a warning that the tag has moved', zh: '警告：标签已改指别处' },
        because: {
          en: 'Tags move all the time: that is how updates come.',
          zh: '标签一直在改：更新就是这么来的。',
        },
      },
    ],
  },
};

export const hour: Broken = {
  title: { en: 'Break it: Retry-After: 3600', zh: '换一个：Retry-After: 3600' },
  change: {
    en: 'The registry answers 429 again, and asks for a pause of an hour.',
    zh: '仓库又返回 429，这次要求等一个小时。',
  },
  question: {
    ask: { en: 'What does the engine do?', zh: '引擎怎么做？' },
    right: {
      text: { en: 'it fails at once and says why', zh: '立刻失败，并说明原因' },
      because: {
        en: 'A pause of up to twenty seconds is waited for. An hour is an answer: the user decides whether to wait, log in or ask a mirror.',
        zh: '二十秒以内的间隔，它会等。一个小时就等于回绝了：等待、登录还是换镜像站，由用户决定。',
      },
    },
    wrong: [
      {
        text: { en: 'it waits an hour', zh: '等一个小时' },
        because: {
          en: 'Somebody would sit before a terminal that says nothing, and a CI job would end at its limit.',
          zh: '那样人会对着毫无动静的终端干等，CI 任务则会超时。',
        },
      },
      {
        text: { en: 'it waits twenty seconds and asks again', zh: '等二十秒再问' },
        because: {
          en: 'It would be refused again, and counted.',
          zh: '只会再次被拒绝，还要再计一次数。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'A pull is a handful of GETs: a refusal with a realm, a token, the index, one manifest, the config, the layers.',
    zh: '拉取就是几个 GET：带 realm 的拒绝、token、index、一份 manifest、config、各层。',
  },
  {
    en: 'The choice of platform is the engine’s: of the other platform nothing but its line in the index was transferred.',
    zh: '选择平台的是引擎：另一个平台除了 index 里的那一项，什么都没有传输。',
  },
  {
    en: 'The token stays at the registry; the storage gets a request without it.',
    zh: 'token 只给仓库；存储服务器收到的请求里没有它。',
  },
  {
    en: 'A broken download goes on where it stopped, and a changed one is thrown away.',
    zh: '中断的下载从断开处继续，被改动的下载则整个丢弃。',
  },
  {
    en: 'A digest protects from the registry itself. A tag does not.',
    zh: '摘要连仓库自己也能防备，标签则不能。',
  },
];

export const recap: readonly Question[] = [
  {
    ask: {
      en: 'A second image that shares all layers but the topmost is pulled. Which requests are made?',
      zh: '再拉取一个镜像，除最上面一层外都与已有的相同。会发出哪些请求？',
    },
    right: {
      text: {
        en: 'for its manifests, its config and one blob',
        zh: 'manifest、config 和一个 blob',
      },
      because: {
        en: 'Blobs are stored by digest: those that are there are not asked for. The registry is told nothing of them.',
        zh: 'blob 按摘要存放：已有的就不再索取，也不会告诉仓库。',
      },
    },
    wrong: [
      {
        text: { en: 'for all of its blobs', zh: '它的所有 blob' },
        because: {
          en: 'Then sharing layers would save disk and no time.',
          zh: '那样共用层就只省磁盘，不省时间了。',
        },
      },
      {
        text: {
          en: 'one, with a list of what is there',
          zh: '一个请求，附上已有内容的清单',
        },
        because: {
          en: 'So does git. The distribution API has only files with names.',
          zh: 'git 是这样做的。分发 API 里只有带名字的文件。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'A server answers a request with `Range: bytes=1000-` by 200. What must a client do with the 1000 bytes that it has?',
      zh: '请求里有 `Range: bytes=1000-`，服务器却返回 200。客户端手里已有的 1000 字节该怎么办？',
    },
    right: {
      text: { en: 'throw them away: 200 is the whole blob', zh: '扔掉：200 表示整个 blob' },
      because: {
        en: 'A server may ignore Range (RFC 9110, 14.2). Who appends 200 to what is there gets a file that is too long, and a wrong digest.',
        zh: '服务器可以不理会 Range（RFC 9110，14.2）。把 200 的内容接在已有部分后面，文件就太长了，摘要也不对。',
      },
    },
    wrong: [
      {
        text: { en: 'append what comes', zh: '把收到的接在后面' },
        because: {
          en: 'Only for 206, and if Content-Range begins at 1000.',
          zh: '只有 206、且 Content-Range 从 1000 开始时才行。',
        },
      },
      {
        text: { en: 'give up: the server is broken', zh: '放弃：服务器坏了' },
        because: { en: 'It does what HTTP allows.', zh: '它的做法符合 HTTP。' },
      },
    ],
  },
  {
    ask: {
      en: 'What does one have to trust in a pull of `hello@sha256:…` over plain HTTP?',
      zh: '用不加密的 HTTP 拉取 `hello@sha256:…`，必须信任什么？',
    },
    right: {
      text: { en: 'where the digest comes from, and sha256', zh: '摘要的来源，以及 sha256' },
      because: {
        en: 'Nobody on the way can change a byte unnoticed. But everybody can see what is pulled and take the token: that is why it is https.',
        zh: '途中谁也不能悄悄改动一个字节。但谁都看得到拉取了什么，还能拿走 token：所以要用 https。',
      },
    },
    wrong: [
      {
        text: { en: 'the registry and everybody on the way', zh: '仓库和途中的所有人' },
        because: { en: 'That would be so by tag.', zh: '按标签拉取才是如此。' },
      },
      {
        text: { en: 'the header Docker-Content-Digest', zh: 'Docker-Content-Digest 头部' },
        because: {
          en: 'It is only compared; what counts is the digest of the bytes.',
          zh: '它只是拿来对照；算数的是字节的摘要。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'registry, repository', zh: '镜像仓库（registry）、repository' },
    means: {
      en: 'A server of images; one named collection in it (`library/nginx`), with tags.',
      zh: '提供镜像的服务器；其中一个有名字的集合（`library/nginx`），里面有若干标签。',
    },
  },
  {
    term: { en: 'tag', zh: '标签（tag）' },
    means: {
      en: 'A name for a manifest or index that its owner can move: `latest`.',
      zh: 'manifest 或 index 的名字，主人可以让它改指别处：`latest`。',
    },
  },
  {
    term: { en: 'realm and scope', zh: 'realm 与 scope' },
    means: {
      en: 'Where a token can be had, and for what: `repository:library/nginx:pull`.',
      zh: '到哪里要 token，以及用来做什么：`repository:library/nginx:pull`。',
    },
  },
  {
    term: { en: 'bearer token', zh: 'bearer token' },
    means: {
      en: 'A text that gives rights to whoever presents it, for some minutes.',
      zh: '一段文本，谁出示它，谁就有相应的权利，有效期几分钟。',
    },
  },
  {
    term: { en: 'content negotiation', zh: '内容协商' },
    means: {
      en: 'The client names the types that it understands (Accept), the server sends one of them.',
      zh: '客户端用 Accept 列出自己认识的类型，服务器发送其中之一。',
    },
  },
  {
    term: { en: 'range request', zh: '范围请求' },
    means: {
      en: 'A GET of some bytes of a file: `Range: bytes=1000-`, answered with 206.',
      zh: '只要文件一部分字节的 GET：`Range: bytes=1000-`，响应是 206。',
    },
  },
  {
    term: { en: 'mirror', zh: '镜像站（mirror）' },
    means: {
      en: 'A registry that serves what another one has, and is asked first.',
      zh: '提供另一个仓库内容的仓库，引擎会先问它。',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'OCI distribution-spec: the whole API', zh: 'OCI distribution-spec：整套 API' },
    where: 'distribution-spec spec.md, "Pull", "Error Codes"',
  },
  {
    what: { en: 'the token flow', zh: 'token 的流程' },
    where: 'distribution project, "Token Authentication Specification"',
  },
  {
    what: { en: 'HTTP: Accept, Range, redirects, 401', zh: 'HTTP：Accept、Range、重定向、401' },
    where: 'RFC 9110, 11.6.1, 12.5.1, 14, 15.4',
  },
  { what: { en: '429 and Retry-After', zh: '429 与 Retry-After' }, where: 'RFC 6585, 4; RFC 9110, 10.2.3' },
  { what: { en: 'bearer tokens', zh: 'bearer token' }, where: 'RFC 6750' },
];
