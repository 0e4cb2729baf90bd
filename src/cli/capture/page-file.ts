import { type Page, renderPage } from '../../capture/views/page/page.ts';
import { writeWhole } from '../files/whole-file.ts';

/** `--html FILE`. */
export async function writePage(file: string, page: Page): Promise<void> {
  await writeWhole(file, 'write the page', async write => write(Buffer.from(renderPage(page))));
}
