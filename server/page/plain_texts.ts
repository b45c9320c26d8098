/** The texts of the page where no script runs. */
export interface PlainTexts {
  readonly heading: string;
  /** The label of the field. */
  readonly files: string;
  /** The button of the form. */
  readonly send: string;
  /** The things that a form cannot do. */
  readonly note: string;
  /** Shown where a form could not send: on the page of a link. */
  readonly needsScript: string;
}

/** The texts in each language of the page (`client/languages/`), by its tag (BCP 47). */
export const PLAIN_TEXTS: Readonly<Record<string, PlainTexts>> = {
  en: {
    heading: "Send files",
    files: "Files",
    send: "Send",
    note: "Without JavaScript a file that breaks off begins again, and nobody can sign in. " +
      "Allow it for this site, and files go on from the last byte that is safe.",
    needsScript: "This page needs JavaScript to send files. Please allow it for this site.",
  },
  fr: {
    heading: "Envoyer des fichiers",
    files: "Fichiers",
    send: "Envoyer",
    note: "Sans JavaScript, un fichier interrompu recommence depuis le début, et personne ne peut se connecter. " +
      "Autorisez-le pour ce site, et les fichiers reprennent au dernier octet enregistré.",
    needsScript: "Cette page a besoin de JavaScript pour envoyer des fichiers. Autorisez-le pour ce site.",
  },
  ja: {
    heading: "ファイルを送信",
    files: "ファイル",
    send: "送信",
    note: "JavaScript が無効な場合、中断したファイルは最初からやり直しになり、サインインもできません。" +
      "このサイトで有効にすると、保存済みの位置から再開できます。",
    needsScript: "ファイルを送信するには JavaScript が必要です。このサイトで有効にしてください。",
  },
  ko: {
    heading: "파일 보내기",
    files: "파일",
    send: "보내기",
    note: "JavaScript가 꺼져 있으면 중단된 파일은 처음부터 다시 보내야 하고 로그인할 수 없습니다. " +
      "이 사이트에서 켜면 안전하게 저장된 위치부터 이어서 보냅니다.",
    needsScript: "파일을 보내려면 JavaScript가 필요합니다. 이 사이트에서 허용해 주세요.",
  },
  ru: {
    heading: "Отправить файлы",
    files: "Файлы",
    send: "Отправить",
    note: "Без JavaScript прерванный файл отправляется заново, а войти нельзя. " +
      "Разрешите его для этого сайта, и файлы продолжатся с последнего сохранённого байта.",
    needsScript: "Чтобы отправлять файлы, этой странице нужен JavaScript. Разрешите его для этого сайта.",
  },
  zh: {
    heading: "发送文件",
    files: "文件",
    send: "发送",
    note:
      "未启用 JavaScript 时，中断的文件需要从头重新发送，也无法登录。为本网站启用后，文件会从已安全保存的位置继续。",
    needsScript: "此页面需要 JavaScript 才能发送文件。请为本网站启用它。",
  },
};
