import { preferredLanguage } from "../../page/index_html.ts";

/** The texts of the page that tells what came of a form. */
export interface AnswerTexts {
  readonly all: string;
  readonly notAll: string;
  readonly none: string;
  /** Heads the list of the files that have arrived. */
  readonly arrived: string;
  /** Heads the list of the others. */
  readonly notTaken: string;
  /** The link to the page of the form. */
  readonly back: string;
}

const TEXTS: Readonly<Record<string, AnswerTexts>> = {
  en: {
    all: "All files have arrived",
    notAll: "Not all files have arrived",
    none: "No file was chosen",
    arrived: "Arrived",
    notTaken: "Not taken",
    back: "Back",
  },
  fr: {
    all: "Tous les fichiers sont arrivés",
    notAll: "Tous les fichiers ne sont pas arrivés",
    none: "Aucun fichier n’a été choisi",
    arrived: "Arrivés",
    notTaken: "Refusés",
    back: "Retour",
  },
  ja: {
    all: "すべてのファイルが届きました",
    notAll: "届かなかったファイルがあります",
    none: "ファイルが選択されていません",
    arrived: "届いたファイル",
    notTaken: "受け付けられなかったファイル",
    back: "戻る",
  },
  ko: {
    all: "모든 파일이 도착했습니다",
    notAll: "도착하지 않은 파일이 있습니다",
    none: "선택한 파일이 없습니다",
    arrived: "도착한 파일",
    notTaken: "받지 않은 파일",
    back: "돌아가기",
  },
  ru: {
    all: "Все файлы получены",
    notAll: "Получены не все файлы",
    none: "Файлы не выбраны",
    arrived: "Получены",
    notTaken: "Не приняты",
    back: "Назад",
  },
  zh: {
    all: "所有文件均已送达",
    notAll: "部分文件未送达",
    none: "未选择文件",
    arrived: "已送达",
    notTaken: "未接收",
    back: "返回",
  },
};

/** The texts in the language of the page (`client/languages/`) that a browser prefers, with its tag (BCP 47). */
export function answerTexts(acceptLanguage: string | null): { language: string; texts: AnswerTexts } {
  const language = preferredLanguage(acceptLanguage, (tag) => Object.hasOwn(TEXTS, tag)) ?? "en";
  return { language, texts: TEXTS[language]! };
}
