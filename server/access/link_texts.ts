import { preferredLanguage } from "../page/index_html.ts";

/** The texts of the pages that a link's visitor gets without a script. */
export interface LinkTexts {
  /** Heads the page with the button, with the name of the link's owner. */
  readonly sends: (owner: string) => string;
  readonly download: string;
  /** Heads the page with the form. */
  readonly hasPassword: string;
  /** The label of the field. */
  readonly password: string;
  /** The button of the form. */
  readonly open: string;
  readonly wrongPassword: string;
  /** Shown when too many wrong passwords came from an address. */
  readonly tooManyGuesses: string;
  /** Shown when too many passwords wait for a check. */
  readonly busy: string;
  /** Shown for a link that is mistyped, expired, used up or removed. */
  readonly noSuchLink: string;
}

/** The texts in each language of the page (`client/languages/`), by its tag (BCP 47). */
export const LINK_TEXTS = {
  en: {
    sends: (owner) => `${owner} sends you this`,
    download: "Download",
    hasPassword: "This link has a password",
    password: "Password",
    open: "Open",
    wrongPassword: "This password is wrong. Look at it again, or ask for it.",
    tooManyGuesses: "Too many wrong passwords came from your address. Wait a minute, then try again.",
    busy: "Too many passwords are being checked. Try again in a few seconds.",
    noSuchLink: "This link does not work: it may be mistyped, expired, used up or removed. Ask for a new one.",
  },
  fr: {
    sends: (owner) => `${owner} vous envoie ceci`,
    download: "Télécharger",
    hasPassword: "Ce lien a un mot de passe",
    password: "Mot de passe",
    open: "Ouvrir",
    wrongPassword: "Ce mot de passe est faux. Vérifiez-le ou demandez-le.",
    tooManyGuesses: "Trop de mots de passe faux sont venus de votre adresse. Attendez une minute, puis réessayez.",
    busy: "Trop de mots de passe sont en cours de vérification. Réessayez dans quelques secondes.",
    noSuchLink:
      "Ce lien ne fonctionne pas\u00a0: il est peut-être mal recopié, expiré, épuisé ou supprimé. Demandez-en un nouveau.",
  },
  ja: {
    sends: (owner) => `${owner} さんからファイルが届いています`,
    download: "ダウンロード",
    hasPassword: "このリンクにはパスワードが必要です",
    password: "パスワード",
    open: "開く",
    wrongPassword: "パスワードが違います。もう一度確認するか、送り主に尋ねてください。",
    tooManyGuesses: "お使いのアドレスから間違ったパスワードが何度も送られました。1分待ってから再試行してください。",
    busy: "パスワードの確認が混み合っています。数秒後に再試行してください。",
    noSuchLink:
      "このリンクは使えません。入力間違い、期限切れ、回数切れ、または削除済みです。新しいリンクをもらってください。",
  },
  ko: {
    sends: (owner) => `${owner} 님이 파일을 보냈습니다`,
    download: "다운로드",
    hasPassword: "비밀번호가 있는 링크입니다",
    password: "비밀번호",
    open: "열기",
    wrongPassword: "비밀번호가 틀립니다. 다시 확인하거나 보낸 사람에게 물어보세요.",
    tooManyGuesses: "이 주소에서 틀린 비밀번호가 너무 많이 들어왔습니다. 1분 뒤에 다시 시도해 주세요.",
    busy: "비밀번호 확인이 밀려 있습니다. 몇 초 뒤에 다시 시도해 주세요.",
    noSuchLink:
      "이 링크는 쓸 수 없습니다. 주소가 틀렸거나, 만료되었거나, 횟수를 다 썼거나, 삭제되었습니다. 새 링크를 요청하세요.",
  },
  ru: {
    sends: (owner) => `${owner} отправляет вам это`,
    download: "Скачать",
    hasPassword: "У этой ссылки есть пароль",
    password: "Пароль",
    open: "Открыть",
    wrongPassword: "Пароль неверный. Проверьте его или спросите у отправителя.",
    tooManyGuesses: "С вашего адреса пришло слишком много неверных паролей. Подождите минуту и повторите попытку.",
    busy: "Проверяется слишком много паролей. Повторите попытку через несколько секунд.",
    noSuchLink:
      "Эта ссылка не работает: в ней опечатка, срок её действия истёк, она исчерпана или удалена. Попросите новую.",
  },
  zh: {
    sends: (owner) => `${owner} 给您发送了文件`,
    download: "下载",
    hasPassword: "此链接需要密码",
    password: "密码",
    open: "打开",
    wrongPassword: "密码错误。请检查后重试，或向发送者索取密码。",
    tooManyGuesses: "您的地址输错密码的次数过多。请等待一分钟，然后重试。",
    busy: "正在验证的密码过多。请几秒后重试。",
    noSuchLink: "此链接无效：可能输入有误、已过期、次数已用完或已被删除。请索取新的链接。",
  },
} as const satisfies Readonly<Record<string, LinkTexts>>;

/** A language of the pages, by its tag. */
export type LinkLanguage = keyof typeof LINK_TEXTS;

/** The language that a request prefers (`Accept-Language`), of those of the page. */
export function languageFor({ headers }: Pick<Request, "headers">): LinkLanguage {
  const isSpoken = (tag: string): tag is LinkLanguage => Object.hasOwn(LINK_TEXTS, tag);
  const wanted = preferredLanguage(headers.get("accept-language"), isSpoken) ?? "en";
  return isSpoken(wanted) ? wanted : "en";
}
